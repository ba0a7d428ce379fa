package claude

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
)

const finished = `{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5","stop_reason":"end_turn","content":[{"type":"text","text":"{}"}],"usage":{"input_tokens":1000,"output_tokens":100}}`

func finish(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(finished))
}

func ask(t *testing.T, c *Client, model string) hls.Answer {
	t.Helper()
	answer, err := c.Ask(t.Context(), hls.Request{Model: model, Prompt: hls.Prompt{System: "system", User: "user", Schema: []byte(`{"type":"object"}`)}})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func modelOf(t *testing.T, body string) any {
	t.Helper()
	var in map[string]any
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		t.Fatal(err)
	}
	return in["model"]
}

// With Bedrock's key a request is Anthropic's own, but for the name of the model and who lets it in. Prices and abilities
// are those of the model by whatever name.
func TestBedrockByKey(t *testing.T) {
	t.Parallel()
	s := serve(t, finish)
	c := dial(t, s.URL+"/anthropic", func(cfg *Config) {
		cfg.Provider, cfg.APIKey, cfg.Bedrock = bedrock, "", Bedrock{Region: "us-east-1", APIKey: "bedrock-key"}
	})
	answer := ask(t, c, "")
	if answer.Usage.CostMicroUSD != 3000 {
		t.Errorf("it costs %d", answer.Usage.CostMicroUSD)
	}
	ask(t, c, "us.anthropic.claude-opus-5-5-v1:0")
	if err := c.Reachable(t.Context(), "claude-haiku-5-5"); err != nil {
		t.Error(err)
	}
	want := []string{"anthropic.claude-sonnet-5-5", "us.anthropic.claude-opus-5-5-v1:0", "anthropic.claude-haiku-5-5"}
	for i, r := range s.seen() {
		if r.Path != "/anthropic/v1/messages" || r.Header.Get("Authorization") != "Bearer bedrock-key" || r.Header.Get("X-Api-Key") != "" || modelOf(t, r.Body) != want[i] {
			t.Errorf("%s %v %s", r.Path, r.Header, r.Body)
		}
	}
	if m, known := lookUp("us.anthropic.claude-opus-5-5-v1:0"); !known || m.price.Input != 4 {
		t.Errorf("%+v, %v", m, known)
	}
}

// What is signed with an access key is checked as AWS would ("Create a signed AWS API request"), without its library.
func TestBedrockBySignature(t *testing.T) {
	t.Parallel()
	const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" //nolint:gosec // Of AWS's documentation.
	s := serve(t, finish)
	c := dial(t, s.URL+"/anthropic", func(cfg *Config) {
		cfg.Provider, cfg.APIKey = bedrock, ""
		cfg.Bedrock = Bedrock{Region: "eu-west-1", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: secret, SessionToken: "session"}
	})
	ask(t, c, "claude-sonnet-5-5")
	r := s.seen()[0]
	m := regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(\d{8})/eu-west-1/bedrock-mantle/aws4_request, SignedHeaders=(\S+), Signature=([0-9a-f]{64})$`).
		FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		t.Fatalf("authorization %q", r.Header.Get("Authorization"))
	}
	signed := strings.Split(m[2], ";")
	if !slices.Contains(signed, "host") || !slices.Contains(signed, "x-amz-date") || !slices.Contains(signed, "x-amz-security-token") {
		t.Errorf("signed are %v", signed)
	}
	r.Header.Set("Host", strings.TrimPrefix(s.URL, "http://"))
	var headers strings.Builder
	for _, name := range signed {
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.Join(strings.Fields(r.Header.Get(name)), " "))
	}
	canonical := strings.Join([]string{"POST", r.Path, "", headers.String(), m[2], digest(r.Body)}, "\n")
	text := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), m[1] + "/eu-west-1/bedrock-mantle/aws4_request", digest(canonical)}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{m[1], "eu-west-1", "bedrock-mantle", "aws4_request", text} {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	if got := hex.EncodeToString(key); got != m[3] {
		t.Errorf("the signature is %s, and should be %s", m[3], got)
	}
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// With Vertex AI the model stands in the path, and a service account lets HLS in.
func TestVertex(t *testing.T) {
	t.Parallel()
	signIns := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			finish(w, r)
			return
		}
		signIns++
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"google-token","token_type":"Bearer","expires_in":3600}`))
	})
	c := dial(t, s.URL, func(cfg *Config) {
		cfg.Provider, cfg.APIKey = vertex, ""
		cfg.Vertex = Vertex{Project: "my-project", Region: "europe-west1", CredentialsFile: serviceAccount(t, s.URL+"/token")}
	})
	ask(t, c, "claude-sonnet-4-5@20250929")
	if err := c.Reachable(t.Context(), "claude-haiku-5-5"); err != nil {
		t.Error(err)
	}
	var paths []string
	for _, r := range s.seen() {
		if r.Path == "/token" {
			continue
		}
		paths = append(paths, r.Path)
		if r.Header.Get("Authorization") != "Bearer google-token" || r.Header.Get("X-Api-Key") != "" || modelOf(t, r.Body) != nil || !strings.Contains(r.Body, `"anthropic_version":"vertex-2023-10-16"`) {
			t.Errorf("%v %s", r.Header, r.Body)
		}
	}
	at := "/v1/projects/my-project/locations/europe-west1/publishers/anthropic/models/"
	if want := []string{at + "claude-sonnet-4-5@20250929:rawPredict", at + "claude-haiku-5-5:rawPredict"}; !slices.Equal(paths, want) {
		t.Errorf("paths %v", paths)
	}
	if signIns != 1 {
		t.Errorf("signed in %d times", signIns)
	}
	_, err := c.Ask(t.Context(), hls.Request{Model: "../../../v1/secrets", Prompt: hls.Prompt{User: "user"}})
	if n := len(s.seen()); err == nil || n != 3 {
		t.Errorf("a model that is a path: %v, %d requests", err, n)
	}
}

// serviceAccount is a file as Google gives it.
func serviceAccount(t *testing.T, tokens string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "hls@my-project.iam.gserviceaccount.com", "private_key_id": "1",
		"private_key": string(block), "token_uri": tokens, "project_id": "my-project",
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "account.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProvidersWantWhatTheyNeed(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte(`{"type":"hidden"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, cfg := range map[string]Config{
		"api_key is not set":     {},
		"provider is none of":    {Provider: "openai", APIKey: "k"},
		"bedrock.region":         {Provider: bedrock, Bedrock: Bedrock{APIKey: "k"}},
		"bedrock.region is":      {Provider: bedrock, Bedrock: Bedrock{Region: "evil.example/", APIKey: "k"}},
		"bedrock needs":          {Provider: bedrock, Bedrock: Bedrock{Region: "us-east-1", AccessKeyID: "A"}},
		"or in its place":        {Provider: bedrock, Bedrock: Bedrock{Region: "us-east-1", APIKey: "k", AccessKeyID: "A", SecretAccessKey: "s"}},
		"vertex.project":         {Provider: vertex},
		"vertex.region":          {Provider: vertex, Vertex: Vertex{Project: "p", Region: "EU/.."}},
		"no such file":           {Provider: vertex, Vertex: Vertex{Project: "p", CredentialsFile: "/nowhere/x.json"}},
		"credential of Google's": {Provider: vertex, Vertex: Vertex{Project: "p", CredentialsFile: broken}},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for want, cfg := range map[string]Config{
		"https://api.anthropic.com":                          {Provider: direct},
		"https://bedrock-mantle.us-east-1.api.aws/anthropic": {Provider: bedrock, Bedrock: Bedrock{Region: "us-east-1"}},
		"https://aiplatform.googleapis.com":                  {Provider: vertex, Vertex: Vertex{Region: "global"}},
		"https://aiplatform.eu.rep.googleapis.com":           {Provider: vertex, Vertex: Vertex{Region: "eu"}},
		"https://europe-west1-aiplatform.googleapis.com":     {Provider: vertex, Vertex: Vertex{Region: "europe-west1"}},
	} {
		if got := cfg.ownBaseURL(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
