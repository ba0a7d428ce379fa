package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"hls/internal/config"
	"hls/internal/hls"
)

// watch reads the settings again on every hangup, and the templates when one changes. A version that is broken is
// refused with its error logged, and the one in force stays.
func (a *App) watch(ctx context.Context, hangup <-chan os.Signal) {
	templates := a.watchTemplates(ctx, a.started)
	defer func() { templates.stop() }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			templates = a.reread(ctx, templates)
		case <-templates.changed:
			a.reloadTemplates()
		}
	}
}

// reread puts the settings of the file in force and returns the watch over the templates that they name.
func (a *App) reread(ctx context.Context, watched *templateWatch) *templateWatch {
	if a.opts.Reread == nil {
		return watched
	}
	settings, err := a.opts.Reread()
	if err != nil {
		a.refused(err)
		return watched
	}
	fresh := a.watchTemplates(ctx, settings) // before they are read, so that no change falls in between
	if err := a.refurnish(ctx, settings); err != nil {
		fresh.stop()
		a.refused(err)
		return watched
	}
	watched.stop()
	go a.setUpLabels(ctx, settings)
	return fresh
}

func (a *App) refused(err error) {
	a.log.Error("the new settings are refused, the old ones stay in force", hls.KeyError, a.redactor.Redact(err.Error()))
}

// refurnish puts new settings in force as a whole, or not at all.
func (a *App) refurnish(ctx context.Context, s *config.Settings) error {
	a.redactor.Add(s.Secrets()...)
	p := &inspection{settings: s, redactor: a.redactor}
	p.rooms(ctx)
	if err := errors.Join(refusal(p.findings), a.signed(s)); err != nil {
		return err
	}
	made, err := a.furnish(s)
	if err != nil {
		return err
	}
	if err := a.door.Rekey(secrets(s)); err != nil {
		return fmt.Errorf("%w: %w", ErrSettings, err)
	}
	before := a.house.Swap(made).settings
	a.pipeline.Swap(made.rooms)
	a.level.Set(s.Logging.Level.Level())
	a.templatesErr.Store(nil)
	a.tellSettings(ctx, s, "reload")
	a.tellChanges(before, s)
	a.warn(p.findings)
	return nil
}

// tellChanges logs which keys are in force now, and which wait for the next start.
func (a *App) tellChanges(before, now *config.Settings) {
	live := []string{}
	for _, key := range config.Changed(before, now) {
		if key.Force() == config.Live {
			live = append(live, key.Path)
		}
	}
	a.log.Info("settings read again", "changed", live)
	for _, key := range config.Changed(a.started, now) {
		if key.Force() == config.Restart {
			a.log.Warn("a changed setting takes effect at the next start", "key", key.Path)
		}
	}
	for _, w := range now.Warnings() {
		a.log.Warn(w.Message, "key", w.Key, "place", w.Place())
	}
}

func (a *App) reloadTemplates() {
	if err := a.house.Load().rooms.Prompts.Reload(); err != nil {
		a.templatesErr.Store(&failure{err.Error(), time.Now()})
		a.log.Error("the changed templates are refused, the old ones stay in force", hls.KeyError, err.Error())
		return
	}
	now := time.Now()
	a.templatesRead.Store(&now)
	a.templatesErr.Store(nil)
	a.log.Info("templates read again")
}

// failure is the last thing that went wrong, for /health.
type failure struct {
	text string
	at   time.Time
}

// templateWatch tells of changes below the template directories, once for a burst of them.
type templateWatch struct {
	changed chan struct{}
	stop    func()
}

// watchTemplates begins a watch over the folders that the settings name, if they ask for one. Folders are watched and
// not files: editors replace files.
func (a *App) watchTemplates(ctx context.Context, s *config.Settings) *templateWatch {
	watch := &templateWatch{changed: make(chan struct{}, 1), stop: func() {}}
	roots := templateRoots(s)
	if !s.Prompts.Reload || len(roots) == 0 {
		return watch
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		a.log.Error("templates cannot be watched", hls.KeyError, err.Error())
		return watch
	}
	for _, root := range roots {
		if err := addFolders(watcher, root); err != nil {
			a.log.Error("templates cannot be watched", "dir", root, hls.KeyError, err.Error())
		}
	}
	ctx, watch.stop = context.WithCancel(ctx)
	go forward(ctx, watcher, watch.changed)
	return watch
}

// quiet is how long the folders must be still before the templates are read.
const quiet = 100 * time.Millisecond

func forward(ctx context.Context, watcher *fsnotify.Watcher, changed chan<- struct{}) {
	defer func() { _ = watcher.Close() }()
	settle := time.NewTimer(quiet)
	settle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-watcher.Events:
			if event.Has(fsnotify.Create) {
				_ = addFolders(watcher, event.Name) // It may be a folder, or gone again.
			}
			settle.Reset(quiet)
		case err := <-watcher.Errors: // Events may be lost.
			if err != nil {
				settle.Reset(quiet)
			}
		case <-settle.C:
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}
}

// addFolders watches a folder, or what a link to one leads to, and everything below it; a file is passed over.
func addFolders(watcher *fsnotify.Watcher, root string) error {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return watcher.Add(path)
	})
}

// templateRoots are the override folders.
func templateRoots(s *config.Settings) []string {
	var roots []string
	for _, r := range s.Repositories {
		roots = append(roots, r.Prompts.BaseDir)
	}
	roots = append(roots, s.Prompts.BaseDir)
	slices.Sort(roots)
	return slices.DeleteFunc(slices.Compact(roots), func(dir string) bool { return dir == "" })
}
