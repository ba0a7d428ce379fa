package prompt

// sampleValues are what the families gather besides, as the templates of each see it.
var sampleValues = map[string]any{
	"ci": map[string]any{
		"run": map[string]any{"name": "CI", "id": 29679449, "number": 512, "attempt": 1, "conclusion": "failure", "event": "pull_request",
			"head_sha": "f83a356604ae3c5d03e1b46ef4d1ca77d64a90b0", "branch": "save", "url": "https://github.com/octo-org/octo-repo/actions/runs/29679449", "from_fork": false},
		"causes": []any{map[string]any{"id": "3f2a91c2d4e5f607", "asked": true, "jobs": []any{"test"}, "step": "Run go test", "tests": []any{"TestSave"},
			"log": "--- FAIL: TestSave (0.02s)\n    save_test.go:31: got 3, want 4\n", "masked": 0}},
		"commits": []any{map[string]any{"sha": "f83a356604ae3c5d03e1b46ef4d1ca77d64a90b0", "subject": "Save widgets"}},
		"unread":  []any{"annotations"}, "branch": "main",
	},
}
