package claude

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"

	"github.com/anthropics/anthropic-sdk-go/option"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

const (
	cloudScope    = "https://www.googleapis.com/auth/cloud-platform"
	vertexVersion = "vertex-2023-10-16" // of the Messages API, as Vertex AI knows it
)

// wayIn reads the credential. Nobody is asked before the first call, but for where it is that the program runs.
func (v Vertex) wayIn(client *http.Client) ([]option.RequestOption, error) {
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, client)
	credentials, err := v.credentials(ctx)
	if err != nil {
		return nil, err
	}
	tokens := oauth2.ReuseTokenSource(nil, credentials.TokenSource)
	return []option.RequestOption{option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		if err := v.rewrite(r); err != nil {
			return nil, err
		}
		token, err := tokens.Token()
		if err != nil {
			return nil, fmt.Errorf("sign in to Google: %w", err)
		}
		token.SetAuthHeader(r)
		return next(r)
	})}, nil
}

func (v Vertex) credentials(ctx context.Context) (*google.Credentials, error) {
	if v.CredentialsFile == "" {
		found, err := google.FindDefaultCredentials(ctx, cloudScope)
		if err != nil {
			return nil, fmt.Errorf("vertex.credentials_file is not set, and there are no application default credentials: %w", err)
		}
		return found, nil
	}
	text, err := os.ReadFile(v.CredentialsFile)
	if err != nil {
		return nil, fmt.Errorf("read vertex.credentials_file: %w", err)
	}
	kind := struct {
		Type google.CredentialsType `json:"type"`
	}{}
	if err := json.Unmarshal(text, &kind); err != nil || kind.Type == "" {
		return nil, errors.New("vertex.credentials_file is no credential of Google's")
	}
	found, err := google.CredentialsFromJSONWithType(ctx, text, kind.Type, cloudScope)
	if err != nil {
		return nil, errors.New("vertex.credentials_file cannot be read as a credential of Google's")
	}
	return found, nil
}

var modelName = regexp.MustCompile(`^[A-Za-z0-9@._-]{1,100}$`)

// rewrite turns a call of the Messages API into one of Vertex AI: the model stands in the path, and the version in the
// body ("Claude on Vertex AI").
func (v Vertex) rewrite(r *http.Request) error {
	body, err := taken(r)
	if err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return fmt.Errorf("rewrite request for Vertex AI: %w", err)
	}
	var model string
	if err := json.Unmarshal(members["model"], &model); err != nil || !modelName.MatchString(model) {
		return errors.New("rewrite request for Vertex AI: the model has no name that a path can hold")
	}
	delete(members, "model")
	members["anthropic_version"], _ = json.Marshal(vertexVersion)
	if body, err = json.Marshal(members); err != nil {
		return fmt.Errorf("rewrite request for Vertex AI: %w", err)
	}
	put(r, body)
	path := fmt.Sprintf("/v1/projects/%s/locations/%s/publishers/anthropic/models/%s:rawPredict", v.Project, v.Region, model)
	r.URL = r.URL.ResolveReference(&url.URL{Path: path})
	return nil
}
