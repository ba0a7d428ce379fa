package faults_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// TestMain removes at the end what tests have built.
func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

var built struct {
	sync.Mutex
	dir string
}

// faulty is the program with the faults built in, plain the one that people use. Each is built once.
var (
	faulty = sync.OnceValues(func() (string, error) { return build("faulty", "-tags", "faults") })
	plain  = sync.OnceValues(func() (string, error) { return build("plain") })
)

func build(name string, flags ...string) (path string, err error) {
	built.Lock()
	defer built.Unlock()
	if built.dir == "" {
		if built.dir, err = os.MkdirTemp("", "hls-faults-"); err != nil {
			return "", err
		}
	}
	path = filepath.Join(built.dir, name)
	cmd := exec.Command("go", append(append([]string{"build"}, flags...), "-o", path, "./cmd/hls")...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build hls: %w\n%s", err, out)
	}
	return path, nil
}

// What people use must have no way to crash on demand.
func TestDefaultBuildHasNoFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		program func() (string, error)
		has     bool
	}{{plain, false}, {faulty, true}} {
		path, err := tc.program()
		if err != nil {
			t.Fatal(err)
		}
		program, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, trace := range []string{"HLS_FAULT", "hls/internal/fault.At", "must be place:n"} {
			if bytes.Contains(program, []byte(trace)) != tc.has {
				t.Errorf("%s contains %s: %v", filepath.Base(path), trace, !tc.has)
			}
		}
	}
}
