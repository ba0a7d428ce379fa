package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/term"
)

// newTerminal is a terminal, and the screen and keys of whoever sits before it.
func newTerminal(t *testing.T) (terminal, person *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("the system gives no terminals: ", err)
	}
	t.Cleanup(func() { _ = person.Close() })
	raw, err := person.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var locked, number int32
	err = raw.Control(func(fd uintptr) {
		_, _, first := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&locked)))
		_, _, second := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCGPTN, uintptr(unsafe.Pointer(&number)))
		if first != 0 || second != 0 {
			t.Fatal(first, second)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Skip("the system gives no terminals: ", err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return terminal, person
}

func state(t *testing.T, terminal *os.File) term.State {
	t.Helper()
	s, err := term.GetState(int(terminal.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return *s
}

// Ctrl-C ends the questions of init, whatever it asks for: nothing is written, and what is typed next is shown.
func TestInitEndsAtCtrlC(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		asks   string
		hidden bool
		args   []string
	}{
		{"Repository to work for", false, []string{"init"}},
		{"GitHub token", true, []string{"init", "--repo", "acme/widget", "--public-url", "https://hls.example.com"}},
	} {
		t.Run(tc.asks, func(t *testing.T) {
			t.Parallel()
			terminal, person := newTerminal(t)
			before, seen := state(t, terminal), &lines{}
			go func() { _, _ = io.Copy(seen, person) }()
			cmd := exec.CommandContext(t.Context(), os.Args[0], tc.args...)
			cmd.Dir, cmd.Env = t.TempDir(), []string{"HLS_TEST_AS_COMMAND=1"}
			cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() bool {
				return strings.Contains(seen.String(), tc.asks) && (state(t, terminal) != before) == tc.hidden
			})
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { defer close(ended); _ = cmd.Wait() }()
			select {
			case <-ended:
			case <-time.After(10 * time.Second):
				_ = cmd.Process.Kill()
				t.Fatalf("it still asks:\n%s", seen)
			}
			if code := cmd.ProcessState.ExitCode(); code != exitFailed {
				t.Errorf("it ended with %d:\n%s", code, seen)
			}
			if state(t, terminal) != before {
				t.Error("the terminal does not show what is typed")
			}
			if left, _ := filepath.Glob(filepath.Join(cmd.Dir, "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
