package pgtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// owner is the superuser of every server.
const owner = "hls"

// binaries finds the folder of initdb and postgres, of the newest version where there are several.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // as Debian installs it
	if err != nil {
		return "", err
	}
	if path, err := exec.LookPath("postgres"); err == nil && len(found) == 0 {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			found = append(found, path)
		}
	}
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	for _, path := range slices.Backward(found) {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "initdb")); err == nil {
			return filepath.Dir(path), nil
		}
	}
	return "", fmt.Errorf("no PostgreSQL server is installed: `make tools` installs one; %s=off leaves the tests out that need it", Switch)
}

// version reads the number out of /usr/lib/postgresql/15/bin/postgres.
func version(path string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	if err != nil {
		return 0
	}
	return n
}

// account is who runs the server: PostgreSQL refuses to run as root. Nil is the user of the test.
type account struct{ uid, gid int }

func unprivileged() (*account, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	var errs []error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		return &account{uid, gid}, errors.Join(err1, err2)
	}
	return nil, errors.Join(errs...)
}

func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// command is a command of the account, in a process group of its own.
func (a *account) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return cmd
}

// process is a running server. It ends with the test process at the latest.
type process struct {
	cmd   *exec.Cmd
	guard io.WriteCloser
	ended chan struct{}
}

// guarding stops the server and removes its files once its input ends without the word that all is done: the process
// of the test is gone.
const guarding = `read -r word
[ "$word" = done ] && exit
kill -INT "$1"
while kill -0 "$1"; do sleep 0.1; done
rm -rf "$2"`

// launch starts the server of a folder.
func launch(s *Server) (_ *process, err error) {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	p := &process{ended: make(chan struct{})}
	p.cmd = s.user.command(filepath.Join(s.bin, "postgres"), "-D", s.data(), "-c", "listen_addresses=",
		"-c", "unix_socket_directories="+s.dir, "-c", "max_connections=200")
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // How it ended is in its log.
		close(p.ended)
	}()
	guard := s.user.command("/bin/sh", "-c", guarding, "sh", strconv.Itoa(p.cmd.Process.Pid), s.dir)
	if p.guard, err = guard.StdinPipe(); err == nil {
		err = guard.Start()
	}
	if err != nil {
		return nil, errors.Join(err, p.stop(syscall.SIGQUIT))
	}
	go func() { _ = guard.Wait() }()
	return p, nil
}

// stop ends the server by a signal: SIGINT for an orderly end, SIGQUIT for a crash.
func (p *process) stop(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		return errors.Join(errors.New("the PostgreSQL server does not stop"), p.cmd.Process.Kill())
	}
	if p.guard == nil {
		return nil
	}
	_, _ = io.WriteString(p.guard, "done\n") // It may have gone already.
	_ = p.guard.Close()
	return nil
}
