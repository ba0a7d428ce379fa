package app

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"hls/internal/config"
	"hls/internal/hls"
)

// newLog makes the log that the settings ask for. Every line passes the redactor: messages, attributes and errors.
// level is set, and stays in charge. The closer ends the log file, if there is one.
func newLog(cfg config.Logging, to io.Writer, level *slog.LevelVar, r *hls.Redactor) (*slog.Logger, io.Closer, error) {
	closer := io.Closer(io.NopCloser(nil))
	if cfg.File != "" {
		file, err := os.OpenFile(cfg.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: logging.file: %w", ErrSettings, err)
		}
		to, closer = file, file
	}
	level.Set(cfg.Level.Level())
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: redact(r)}
	if cfg.Format == "text" {
		return slog.New(slog.NewTextHandler(to, options)), closer, nil
	}
	return slog.New(slog.NewJSONHandler(to, options)), closer, nil
}

// redact takes secrets out of whatever could hold one; numbers, times and durations cannot.
func redact(r *hls.Redactor) func([]string, slog.Attr) slog.Attr {
	return func(_ []string, a slog.Attr) slog.Attr {
		switch a.Value.Kind() {
		case slog.KindString:
			return slog.String(a.Key, r.Redact(a.Value.String()))
		case slog.KindAny:
			if a.Key == slog.LevelKey {
				return a
			}
			return slog.String(a.Key, r.Redact(fmt.Sprint(a.Value.Any())))
		}
		return a
	}
}
