package prompt

// sampleValues are what handlers gather for the templates of their own families, as those name it.
var sampleValues = map[string]any{
	"earlier": map[string]any{
		"since": "0123456789012345678901234567890123456789", "summary": "Saves faster.", "changes": []string{"The description was edited."},
		"open": []any{map[string]any{"id": "3f2a91c2", "path": "save.go", "line": 2, "code": "var x = 2", "problem": "It is never read.", "replies": []string{"mona: It will be."}}},
	},
	"reviewed": map[string]any{"left": 1, "unknown": false, "said": []map[string]any{
		{"key": "review-80", "by": "mona", "by_author": false, "text": "One question below."},
		{"key": "comment-81", "thread": "comment-81", "by": "mona", "by_author": false, "path": "save.go", "line": 2, "text": "Why two?"},
	}},
	"objection": map[string]any{
		"remark":  map[string]any{"key": "remark", "by": "hls-bot", "path": "save.go", "line": 2, "text": "The value is wrong."},
		"replies": []map[string]any{{"key": "comment-82", "by": "octocat", "by_author": true, "text": "x is meant to be 2."}},
	},
}
