package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecretsBesideTheSettings(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "settings.yaml")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("settings.yaml", "github: {token: '${SEAT_TOKEN}', webhook_secret: '${SEAT_SECRET}'}\nclaude: {api_key: '${SEAT_KEY}'}\n")
	write(EnvFile, "# secrets\n\nexport SEAT_TOKEN=ghp_one\nSEAT_SECRET='a secret # of many words'\nSEAT_KEY=\"sk-$HOME\"\n")
	t.Setenv("SEAT_TOKEN", "of the environment")
	s, err := Load(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.GitHub.Token != "of the environment" || s.GitHub.WebhookSecret[0] != "a secret # of many words" || s.Claude.APIKey != "sk-$HOME" {
		t.Errorf("token %q, secret %q, key %q", s.GitHub.Token.Reveal(), s.GitHub.WebhookSecret[0].Reveal(), s.Claude.APIKey.Reveal())
	}
	for _, broken := range []string{"SEAT_KEY: hidden\n", "SEAT KEY=hidden\n", "SEAT_KEY='hidden\n", "SEAT_KEY=hid'den\n", "SEAT_KEY=\"hidden\" more\n"} {
		write(EnvFile, "SEAT_SECRET=xxxxxxxx\n"+broken)
		_, err := Load(path, Options{})
		var problems *Problems
		if !errors.As(err, &problems) || problems.List[0].Line != 2 || !strings.HasSuffix(problems.List[0].File, EnvFile) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: %v", broken, err)
		}
	}
}

// What init writes is what Load reads, for the owner alone, and what stood there before stays.
func TestS1_SecretsAreWrittenForTheOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), EnvFile)
	if err := os.WriteFile(path, []byte("OTHER=stays\nTOKEN=old\n"), 0o644); err != nil { //nolint:gosec // Others may read it at first.
		t.Fatal(err)
	}
	if err := WriteEnv(path, map[string]string{"TOKEN": `new "one" # $X`}); err != nil {
		t.Fatal(err)
	}
	got, err := ReadEnv(path)
	if err != nil || got["TOKEN"] != `new "one" # $X` || got["OTHER"] != "stays" || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := WriteEnv(path, map[string]string{"TOKEN": "two\nlines"}); err == nil || strings.Contains(err.Error(), "lines") {
		t.Errorf("two lines: %v", err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
