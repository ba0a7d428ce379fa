package simulate

import (
	"net/http"
	"sort"
)

// model is what the stand-in knows of one model.
type model struct {
	name       string
	line       string
	created    string
	retired    bool
	sampling   bool // takes temperature, top_p and top_k
	structured bool // takes output_config.format
	maxTokens  int
	minCache   int // tokens that a prefix needs to be cached
}

var models = map[string]model{
	"claude-haiku-5-5":           {"Claude Haiku 5.5", "haiku", "2026-08-20T00:00:00Z", false, false, true, 128_000, 1024},
	"claude-sonnet-5-5":          {"Claude Sonnet 5.5", "sonnet", "2026-08-20T00:00:00Z", false, false, true, 128_000, 1024},
	"claude-opus-5-5":            {"Claude Opus 5.5", "opus", "2026-08-20T00:00:00Z", false, false, true, 128_000, 512},
	"claude-sonnet-4-6":          {"Claude Sonnet 4.6", "sonnet", "2026-02-17T00:00:00Z", false, true, true, 64_000, 1024},
	"claude-haiku-4-5":           {"Claude Haiku 4.5", "haiku", "2025-10-01T00:00:00Z", false, true, true, 64_000, 4096},
	"claude-haiku-4-5-20251001":  {"Claude Haiku 4.5", "haiku", "2025-10-01T00:00:00Z", false, true, true, 64_000, 4096},
	"claude-3-5-sonnet-20241022": {"Claude Sonnet 3.5 (New)", "sonnet", "2024-10-22T00:00:00Z", true, true, false, 8192, 1024},
}

func (m model) object(id string) object {
	o := object{
		"type": "model", "id": id, "display_name": m.name + " (simulated)", "created_at": m.created,
		"lifecycle": "active", "deprecated_at": nil, "retires_at": nil, "line": m.line,
		"max_input_tokens": 200_000, "max_tokens": m.maxTokens,
		"capabilities": object{"batch": object{"supported": true}, "structured_outputs": object{"supported": m.structured}},
	}
	if m.retired {
		o["lifecycle"], o["deprecated_at"], o["retires_at"] = "retired", "2025-08-13T00:00:00Z", "2025-10-28T00:00:00Z"
	}
	return o
}

func (c *Claude) listModels(w http.ResponseWriter) {
	ids := make([]string, 0, len(models))
	for id := range models {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	data := []object{}
	for _, id := range ids {
		data = append(data, models[id].object(id))
	}
	sendJSON(w, http.StatusOK, object{"data": data, "has_more": false, "first_id": ids[0], "last_id": ids[len(ids)-1]})
}

func (c *Claude) readModel(w http.ResponseWriter, id string) {
	m, ok := models[id]
	if !ok {
		(&apiError{http.StatusNotFound, "not_found_error", "model: " + id}).write(w)
		return
	}
	sendJSON(w, http.StatusOK, m.object(id))
}
