package faults_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"hls/internal/history"
)

// process is one run of hls serve.
type process struct {
	cmd   *exec.Cmd
	ready chan string   // its URL, once it listens
	ended chan struct{} // closed when it has ended
	url   string        // where deliveries go to, "" while none are to
}

// start runs hls; it may not listen yet when start returns. HLS_FAULT and the like come in env.
func (w *world) start(env ...string) *process {
	w.t.Helper()
	p := &process{ready: make(chan string, 1), ended: make(chan struct{})}
	p.cmd = exec.Command(w.program, "serve", "--config", w.settings)
	p.cmd.Dir = w.dir
	p.cmd.Env = append(inherited(), append(w.env, env...)...)
	p.cmd.Stderr = &logged{to: w.log, ready: p.ready}
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.history.Add(history.Entry{Process: &history.Process{What: "started"}})
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	w.mu.Lock()
	w.running = append(w.running, p)
	w.mu.Unlock()
	go w.follow(p)
	return p
}

// follow makes the address of a process the one that deliveries go to, while it lives.
func (w *world) follow(p *process) {
	select {
	case url := <-p.ready:
		w.mu.Lock()
		p.url = url
		w.mu.Unlock()
	case <-p.ended:
	}
}

// inherited is the environment without what would change the program.
func inherited() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "HLS_") && !strings.HasPrefix(e, "ANTHROPIC_") {
			env = append(env, e)
		}
	}
	return env
}

// run starts hls and waits until it listens.
func (w *world) run(env ...string) *process {
	w.t.Helper()
	p := w.start(env...)
	w.eventually("hls listens", func() bool {
		select {
		case <-p.ended:
			w.t.Fatalf("hls ended with %d instead of listening", p.cmd.ProcessState.ExitCode())
		default:
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		return p.url != ""
	})
	return p
}

// leave has no more deliveries go to a process.
func (w *world) leave(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.url = ""
	w.running = slices.DeleteFunc(w.running, func(r *process) bool { return r == p })
}

// kill ends a process as kill -9 does.
func (w *world) kill(p *process) {
	w.t.Helper()
	w.leave(p)
	w.history.Add(history.Entry{Process: &history.Process{What: "killed"}})
	w.signal(p, syscall.SIGKILL)
	w.ended(p)
}

// stop ends a process as a service manager does, and tells with which code.
func (w *world) stop(p *process) {
	w.t.Helper()
	w.signal(p, syscall.SIGTERM)
	w.ended(p)
	w.leave(p)
	code := p.cmd.ProcessState.ExitCode()
	w.history.Add(history.Entry{Process: &history.Process{What: "stopped", Code: code}})
}

func (w *world) signal(p *process, s syscall.Signal) {
	w.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		w.t.Fatal(err)
	}
}

// ended waits until a process has ended.
func (w *world) ended(p *process) {
	w.t.Helper()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	select {
	case <-p.ended:
	case <-limit.C:
		_ = p.cmd.Process.Kill()
		w.t.Fatal("hls did not end within half a minute")
	}
}

// logged passes a log on, and tells the address in it.
type logged struct {
	to    io.Writer
	ready chan string
	rest  []byte
	found sync.Once
}

func (l *logged) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			break
		}
		l.rest = rest
		if bytes.Contains(line, []byte(`"listening"`)) {
			var said struct{ URL string }
			if json.Unmarshal(line, &said) == nil && said.URL != "" {
				l.found.Do(func() { l.ready <- said.URL })
			}
		}
	}
	return l.to.Write(p)
}
