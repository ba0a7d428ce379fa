package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"

	"hls/internal/analyze"
	"hls/internal/claude"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/pipeline"
	"hls/internal/route"
	"hls/internal/web"
)

// policy is the part of the settings that says what comes of an event. It has no secrets, no doors and no caps on all
// repositories together: those stay what they are wherever a policy is tried.
type policy struct {
	Repositories []route.Repository
	Features     config.Features
	Model        string
	Models       analyze.Models
	BaseDir      string
	Defaults     map[string]map[string]string
	Folders      map[string]map[string]string `json:",omitempty"` // templates by the folder that the settings name
}

func policyOf(s *config.Settings) policy {
	p := policy{
		Features: s.Features, Model: s.Claude.Model, Models: s.Claude.Analyze.Models, BaseDir: s.Prompts.BaseDir, Defaults: s.Prompts.Defaults,
	}
	for _, r := range s.Repositories {
		r.Token, r.WebhookSecret = "", nil
		p.Repositories = append(p.Repositories, r)
	}
	return p
}

// name is the same for settings that decide alike.
func (p policy) name() string {
	p.Folders = nil
	text, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// into puts the policy into settings that are otherwise another's.
func (p policy) into(s *config.Settings) {
	tokens := map[string]hls.Secret{}
	for _, r := range s.Repositories {
		tokens[hls.Fold(r.Name)] = r.Token
	}
	s.Repositories = nil
	for _, r := range p.Repositories {
		r.Token = tokens[hls.Fold(r.Name)]
		s.Repositories = append(s.Repositories, r)
	}
	s.Features, s.Claude.Model, s.Claude.Analyze.Models = p.Features, p.Model, p.Models
	s.Prompts.BaseDir, s.Prompts.Defaults, s.Prompts.Folders = p.BaseDir, p.Defaults, p.Folders
	if s.Prompts.Folders == nil {
		s.Prompts.Folders = map[string]map[string]string{}
	}
}

// Policy is the part of the settings that a running service can try in place of its own, with the templates of the folders
// that they name. It has no secrets.
func Policy(s *config.Settings) (json.RawMessage, error) {
	p := policyOf(s)
	p.Folders = map[string]map[string]string{}
	for _, dir := range templateRoots(s) {
		files, err := Templates(dir)
		if err != nil {
			return nil, fmt.Errorf("%w: prompts.base_dir: %w", ErrSettings, err)
		}
		p.Folders[dir] = files
	}
	return json.Marshal(p)
}

// mostTemplates is how many bytes of templates are read of a folder.
const mostTemplates = 4 << 20

// Templates reads the templates of a folder, by their path in it. Hidden files are passed over, and links that leave it are
// refused.
func Templates(dir string) (map[string]string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder of templates: %w", err)
	}
	defer func() { _ = root.Close() }()
	files, size := map[string]string{}, 0
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		hidden := name != "." && strings.HasPrefix(path.Base(name), ".")
		switch {
		case err != nil:
			return err
		case hidden && d.IsDir():
			return fs.SkipDir
		case hidden, d.IsDir():
			return nil
		}
		text, err := fs.ReadFile(root.FS(), name)
		if size += len(text); err == nil && size > mostTemplates {
			err = fmt.Errorf("the folder has more than %d bytes", mostTemplates)
		}
		files[name] = string(text)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read templates of %s: %w", dir, err)
	}
	return files, nil
}

// vary makes rooms beside those in force: with other templates, another model, another policy. The doors, the caps on money
// and the secrets are those in force.
func (a *App) vary(c web.Changes) (pipeline.Rooms, error) {
	house := a.house.Load()
	s, rooms := *house.settings, house.rooms
	if len(c.Settings) > 0 {
		p, err := readPolicy(c.Settings)
		if err != nil {
			return rooms, err
		}
		p.into(&s)
	}
	if c.Model != "" {
		oneModel(&s, c.Model)
	}
	var err error
	if rooms.Router, err = newRouter(&s); err != nil {
		return rooms, err
	}
	if rooms.Analyzer, err = a.newAnalyzer(&s); err != nil {
		return rooms, err
	}
	if len(c.Settings) > 0 || len(c.Prompts) > 0 {
		s.Prompts.Over = maps.Clone(c.Prompts)
		if rooms.Prompts, err = newPrompts(&s, a.redactor); err != nil {
			return rooms, err
		}
	}
	rooms.Settings = policyOf(&s).name()
	return rooms, nil
}

func readPolicy(text json.RawMessage) (p policy, err error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&p); err != nil {
		return p, fmt.Errorf("%w: settings: %w", ErrSettings, err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return p, fmt.Errorf("%w: settings: want one JSON object", ErrSettings)
	}
	return p, nil
}

// oneModel has everything asked of one model.
func oneModel(s *config.Settings, model string) {
	s.Claude.Model, s.Claude.Analyze.Models = model, analyze.Models{}
	repositories := make([]route.Repository, 0, len(s.Repositories))
	for _, r := range s.Repositories {
		r.Model, r.Models = "", route.Models{}
		repositories = append(repositories, r)
	}
	s.Repositories = repositories
}

func (a *App) newAnalyzer(s *config.Settings) (*analyze.Analyzer, error) {
	asked := s.Claude.Analyze
	asked.Model, asked.Unset = s.Claude.Model, claude.Unset()
	analyzer, err := analyze.New(asked, a.doors.claude, a.store)
	if err != nil {
		return nil, fmt.Errorf("%w: claude: %w", ErrSettings, err)
	}
	return analyzer, nil
}
