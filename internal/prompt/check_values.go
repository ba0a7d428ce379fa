package prompt

// sampleValues are what handlers gather for the templates of their own families, as those name it.
var sampleValues = map[string]any{
	"reviewed": map[string]any{"left": 1, "unknown": false, "said": []map[string]any{
		{"key": "review-80", "by": "mona", "by_author": false, "text": "One question below."},
		{"key": "comment-81", "thread": "comment-81", "by": "mona", "by_author": false, "path": "save.go", "line": 2, "text": "Why two?"},
	}},
	"objection": map[string]any{
		"remark":  map[string]any{"key": "remark", "by": "hls-bot", "path": "save.go", "line": 2, "text": "The value is wrong."},
		"replies": []map[string]any{{"key": "comment-82", "by": "octocat", "by_author": true, "text": "x is meant to be 2."}},
	},
}
