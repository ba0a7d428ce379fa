package telemetry

import (
	"strings"
	"testing"
)

func TestEnvironmentSaysWhetherThereAreTraces(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		setting string
		env     map[string]string
		wanted  bool
		wrong   string
	}{
		"nothing":                      {},
		"the setting":                  {setting: "http://collector:4318", wanted: true},
		"a variable":                   {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, wanted: true},
		"that of traces":               {env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, wanted: true},
		"the default collector":        {env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, wanted: true},
		"disabled":                     {setting: "http://collector:4318", env: map[string]string{"OTEL_SDK_DISABLED": "true"}},
		"no exporter":                  {setting: "http://collector:4318", env: map[string]string{"OTEL_TRACES_EXPORTER": "none"}},
		"another exporter":             {setting: "http://collector:4318", env: map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, wrong: "OTEL_TRACES_EXPORTER"},
		"another exporter, for others": {env: map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}},
		"grpc":                         {setting: "http://collector:4317", env: map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, wrong: "http/protobuf"},
		"grpc of metrics": {setting: "http://collector:4318", wanted: true,
			env: map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}},
		"no URL": {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, wrong: "want a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wanted, err := where(Config{OTLPEndpoint: c.setting}, func(name string) string { return c.env[name] })
			if wanted != c.wanted || (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("wanted %t, %v", wanted, err)
			}
		})
	}
	for at, want := range map[string]string{
		"http://c:4318": "http://c:4318/v1/traces", "http://c:4318/": "http://c:4318/v1/traces", "https://c/otlp": "https://c/otlp/v1/traces",
		"https://c/v1/traces": "https://c/v1/traces",
	} {
		if got := tracesAt(at); got != want {
			t.Errorf("%s: %s", at, got)
		}
	}
}
