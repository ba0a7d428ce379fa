package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	webhookPath   = "/webhook"
	webhookSecret = "5d41402abc4b2a76b9719d911017c592"
	adminToken    = "7d793037a0760186574b0282f2f435e7"
)

// process is a program that serves.
type process struct {
	cmd   *exec.Cmd
	url   string
	log   string        // file
	ready time.Duration // from its start to its first answer that it is ready; 0 where it does not tell
}

// startBare starts the baseline.
func startBare(ctx context.Context) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, self, bareArgument)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	p.url = strings.TrimSpace(line)
	return p, err
}

// world is what hls is given besides its storage.
type world struct {
	dir            string
	github, claude string   // URLs of the stand-ins
	more           string   // settings
	events         []string // that are enabled
	profile        string   // folder for profiles, "" for none
}

// settings are those of a measurement: nothing is held back that the real ones would not hold back as well.
func (w world) settings(port int, storage string) string {
	return fmt.Sprintf(`
server: {host: 127.0.0.1, port: %d, admin_token: %s}
github: {base_url: %q, token: a87ff679a2f3e71d9181a67b7542122c, webhook_secret: %s, limits: {writes_per_minute: 0, content_per_hour: 0, concurrency: 0}}
claude: {base_url: %q, api_key: e4da3b7fbbce2345d7772b0674a318d5, limits: {concurrency: 64}}
storage: {url: %q}
logging: {level: WARNING}
repositories: [{name: "acme/*", mode: apply, events: [%s]}]
%s`, port, adminToken, w.github, webhookSecret, w.claude, storage, strings.Join(w.events, ", "), w.more)
}

// serve starts hls, and returns once it is ready.
func (w world) serve(ctx context.Context, program, storage string) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(w.dir, "settings-*.yaml")
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(file, w.settings(port, storage))
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, program, "serve", "--config", file.Name()), url: fmt.Sprintf("http://127.0.0.1:%d", port)}
	if w.profile != "" {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		p.cmd = exec.CommandContext(ctx, self, servedArgument, file.Name(), filepath.Join(w.profile, filepath.Base(file.Name())+".pprof"))
	}
	p.log = file.Name() + ".log"
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	p.cmd.Dir, p.cmd.Stderr = w.dir, log
	start := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.ready = time.Since(start)
	return p, nil
}

// awaitReady asks every millisecond.
func (p *process) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if status, _, err := p.get(ctx, "/readyz"); err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-ctx.Done():
			text, _ := os.ReadFile(p.log)
			return fmt.Errorf("hls is not ready: %w\n%s", ctx.Err(), bytes.TrimSpace(text))
		case <-tick.C:
		}
	}
}

// get reads a page of the admin.
func (p *process) get(ctx context.Context, path string) (status int, body []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err = io.ReadAll(answer.Body)
	return answer.StatusCode, body, err
}

// queue is how much work there is.
func (p *process) queue(ctx context.Context) (open int, err error) {
	_, body, err := p.get(ctx, "/stats")
	if err != nil {
		return 0, err
	}
	var stats struct {
		Queue struct{ Pending, Running int }
	}
	err = json.Unmarshal(body, &stats)
	return stats.Queue.Pending + stats.Queue.Running, err
}

// memory is how much of the machine's memory the process takes now, and the most that it took, in megabytes.
func (p *process) memory() (now, most float64) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status"))
	if err != nil {
		return 0, 0
	}
	return statusMB(text, "VmRSS:"), statusMB(text, "VmHWM:")
}

func statusMB(text []byte, name string) float64 {
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

// stop ends a process as a service manager does.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && !exit.Exited() { // The baseline knows no other end.
		return nil
	}
	return err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
