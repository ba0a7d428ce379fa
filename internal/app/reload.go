package app

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"hls/internal/config"
	"hls/internal/hls"
)

// watch reads the settings again on SIGHUP and the templates when one changes. A version that is broken is refused
// with its error logged, and the one in force stays.
func (a *App) watch(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	changed := a.watchTemplates(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			a.reread()
		case <-changed:
			a.reloadTemplates()
		}
	}
}

func (a *App) reread() {
	if a.opts.Reread == nil {
		return
	}
	settings, err := a.opts.Reread()
	if err == nil {
		err = a.refurnish(settings)
	}
	if err != nil {
		a.log.Error("the new settings are refused, the old ones stay in force", hls.KeyError, err.Error())
		return
	}
	a.log.Info("settings read again")
}

func (a *App) reloadTemplates() {
	if err := a.house.Load().rooms.Prompts.Reload(); err != nil {
		a.templatesErr.Store(&failure{err.Error(), time.Now()})
		a.log.Error("the changed templates are refused, the old ones stay in force", hls.KeyError, err.Error())
		return
	}
	a.templatesErr.Store(nil)
	a.log.Info("templates read again")
}

// failure is the last thing that went wrong, for /health.
type failure struct {
	text string
	at   time.Time
}

// watchTemplates tells of changes below the template directories, once for a burst of them. Directories are
// watched, not files: editors replace files.
func (a *App) watchTemplates(ctx context.Context) <-chan struct{} {
	settings := a.house.Load().settings
	changed := make(chan struct{}, 1)
	dirs := templateDirs(settings)
	if !settings.Prompts.Reload || len(dirs) == 0 {
		return changed
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		a.log.Error("templates cannot be watched", hls.KeyError, err.Error())
		return changed
	}
	for _, dir := range dirs {
		if err := watcher.Add(dir); err != nil {
			a.log.Error("templates cannot be watched", "dir", dir, hls.KeyError, err.Error())
		}
	}
	go forward(ctx, watcher, changed)
	return changed
}

// quiet is how long the directories must be still before the templates are read.
const quiet = 100 * time.Millisecond

func forward(ctx context.Context, watcher *fsnotify.Watcher, changed chan<- struct{}) {
	defer func() { _ = watcher.Close() }()
	settle := time.NewTimer(quiet)
	settle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-watcher.Events:
			if !ok {
				return
			}
			settle.Reset(quiet)
		case <-settle.C:
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}
}

// templateDirs lists the override directories and everything below them.
func templateDirs(s *config.Settings) []string {
	roots := []string{s.Prompts.BaseDir}
	for _, r := range s.Repositories {
		roots = append(roots, r.Prompts.BaseDir)
	}
	var dirs []string
	for _, root := range roots {
		if root == "" {
			continue
		}
		_ = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
	}
	return dirs
}
