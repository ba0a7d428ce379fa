// Package pgtest runs real PostgreSQL servers for tests and measurements: one for a test process, and others that a test may stop.
//
// The binaries are those of the machine. Each server has its files and its socket in a folder of its own, which goes
// when the test process does, in whatever way that ends.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Switch is the variable that leaves out the tests that need PostgreSQL when it is "off".
const Switch = "HLS_TEST_POSTGRES"

// patience is how long a server may take to start or to stop.
const patience = time.Minute

// Database makes an empty database on the server of this test process, and returns its URL.
func Database(t testing.TB) string {
	t.Helper()
	wanted(t)
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s.Database(t)
}

// Copy makes a database on the server of this test process as prepare left the first one that it was called for, and
// returns its URL. All tests of a process must pass the same prepare.
func Copy(t testing.TB, prepare func(url string) error) string {
	t.Helper()
	wanted(t)
	s, err := shared()
	if err == nil {
		err = s.prepare(prepare)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.database(t, " TEMPLATE "+original)
}

// original is the database that Copy copies.
const original = "original"

func (s *Server) prepare(prepare func(url string) error) error {
	s.once.Do(func() {
		if s.failed = s.exec("CREATE DATABASE " + original); s.failed == nil {
			s.failed = prepare(s.url(original))
		}
	})
	return s.failed
}

var shared = sync.OnceValues(New)

// Server is a PostgreSQL server.
type Server struct {
	bin, dir string
	user     *account
	running  *process
	made     atomic.Int64 // databases
	once     sync.Once    // for the one that is copied
	failed   error        // why it could not be made
}

// Start starts a server that the test has for itself.
func Start(t testing.TB) *Server {
	t.Helper()
	wanted(t)
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Close ends the server and removes its files.
func (s *Server) Close() error {
	return errors.Join(s.running.stop(syscall.SIGQUIT), os.RemoveAll(s.dir))
}

func wanted(t testing.TB) {
	t.Helper()
	if os.Getenv(Switch) == "off" {
		t.Skip(Switch + "=off")
	}
}

// Stop shuts the server down as an administrator does; its clients are cut off.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.running.stop(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// Crash ends the server at once, without its writing anything more.
func (s *Server) Crash(t testing.TB) {
	t.Helper()
	if err := s.running.stop(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
}

// Again starts the server after it was stopped or has crashed.
func (s *Server) Again(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

// Database makes an empty database, which goes with the test, and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return s.database(t, "")
}

// Make makes an empty database, and returns its URL.
func (s *Server) Make() (url string, err error) {
	name, err := s.make("")
	return s.url(name), err
}

func (s *Server) make(options string) (name string, err error) {
	name = fmt.Sprintf("test_%d", s.made.Add(1))
	return name, s.exec("CREATE DATABASE " + name + options)
}

func (s *Server) database(t testing.TB, options string) string {
	t.Helper()
	name, err := s.make(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Log(err)
		}
	})
	return s.url(name)
}

func (s *Server) url(database string) string {
	q := url.Values{"host": {s.dir}, "user": {owner}}
	return (&url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: q.Encode()}).String()
}

// exec runs a statement in the database that every server has.
func (s *Server) exec(statement string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// New makes the files of a server and starts it. It goes with the process, if it was not closed before.
func New() (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	if s.user, err = unprivileged(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp(shortTemp(), "hls-postgres-"); err != nil {
		return nil, err
	}
	if err := errors.Join(s.user.own(s.dir), s.init(), s.run()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	return s, nil
}

// shortTemp is where the folder goes: the path of a socket has 107 bytes at most.
func shortTemp() string {
	if dir := os.TempDir(); len(dir) < 60 {
		return dir
	}
	return "/tmp"
}

// init makes the files. They need not be on disk before the server is: only what the server does is at stake.
func (s *Server) init() error {
	cmd := s.user.command(filepath.Join(s.bin, "initdb"), "--pgdata="+s.data(), "--username="+owner, "--auth=trust",
		"--encoding=UTF8", "--no-locale", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a PostgreSQL server: %w\n%s", err, out)
	}
	return nil
}

// run starts the server and waits until it answers.
func (s *Server) run() (err error) {
	if s.running, err = launch(s); err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if err = s.exec("SELECT 1"); err == nil {
			return nil
		}
		select {
		case <-s.running.ended:
			return fmt.Errorf("the PostgreSQL server ended:\n%s", s.log())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.Join(fmt.Errorf("the PostgreSQL server does not answer: %w\n%s", err, s.log()), s.running.stop(syscall.SIGQUIT))
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}
