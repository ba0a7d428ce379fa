package app

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

// TestForgetProgram: the pages of the program leave the process's memory, and it goes on.
func TestForgetProgram(t *testing.T) {
	before := mapped(t)
	forgetProgram()
	if after := mapped(t); after > before*3/4 {
		t.Errorf("%d KB of files are in memory, of %d before", after, before)
	}
}

// mapped is how much of files the process has in memory, in kilobytes.
func mapped(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`RssFile:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Skip("the system does not tell")
	}
	kb, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kb
}
