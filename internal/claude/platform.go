package claude

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"hls/internal/hls"
)

// The providers of Claude. Their ways in are here and not the SDK's: docs/adr/0008 says why.
const (
	direct  = "anthropic"
	bedrock = "bedrock"
	vertex  = "vertex"
)

// Bedrock is Claude in Amazon Bedrock: the Messages API at a region's endpoint bedrock-mantle.
type Bedrock struct {
	// Region of AWS, such as us-east-1.
	Region string `yaml:"region"`
	// API key of Bedrock (AWS_BEARER_TOKEN_BEDROCK); access keys may stand in its place.
	APIKey hls.Secret `yaml:"api_key"`
	// Number of the access key that requests are signed with.
	AccessKeyID string `yaml:"access_key_id"`
	// Secret of the access key.
	SecretAccessKey hls.Secret `yaml:"secret_access_key"`
	// Session token of an access key that ends.
	SessionToken hls.Secret `yaml:"session_token"`
}

// Vertex is Claude in Google's Vertex AI.
type Vertex struct {
	// Google Cloud project that is billed.
	Project string `yaml:"project"`
	// Region of Vertex AI, such as europe-west1; global, us and eu are regions too.
	Region string `yaml:"region" default:"global"`
	// File of a service account or another credential of Google's; empty means the application default credentials.
	CredentialsFile string `yaml:"credentials_file"`
}

var place = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// check tells what is missing of a provider's settings.
func (c Config) checkProvider() error {
	switch c.Provider {
	case direct:
		if c.APIKey == "" {
			return errors.New("api_key is not set")
		}
	case bedrock:
		signed := c.Bedrock.AccessKeyID != "" && c.Bedrock.SecretAccessKey != ""
		switch {
		case !place.MatchString(c.Bedrock.Region):
			return errors.New("bedrock.region is not the name of a region, such as us-east-1")
		case (c.Bedrock.APIKey != "") == signed:
			return errors.New("bedrock needs an api_key, or in its place access_key_id and secret_access_key")
		}
	case vertex:
		switch {
		case !place.MatchString(c.Vertex.Project):
			return errors.New("vertex.project is not the id of a project")
		case c.Vertex.Region != "" && !place.MatchString(c.Vertex.Region):
			return errors.New("vertex.region is not the name of a region, such as europe-west1")
		}
	default:
		return errors.New("provider is none of anthropic, bedrock, vertex")
	}
	return nil
}

// ownBaseURL is where the provider is reached when the settings name no other address.
func (c Config) ownBaseURL() string {
	switch c.Provider {
	case bedrock:
		return fmt.Sprintf("https://bedrock-mantle.%s.api.aws/anthropic", c.Bedrock.Region)
	case vertex:
		switch c.Vertex.Region {
		case "global":
			return "https://aiplatform.googleapis.com"
		case "us", "eu":
			return fmt.Sprintf("https://aiplatform.%s.rep.googleapis.com", c.Vertex.Region)
		}
		return fmt.Sprintf("https://%s-aiplatform.googleapis.com", c.Vertex.Region)
	}
	return defaultBaseURL
}

// wayIn are the options of the SDK by which the provider lets HLS in.
func (c Config) wayIn(client *http.Client) ([]option.RequestOption, error) {
	switch c.Provider {
	case bedrock:
		return c.Bedrock.wayIn(), nil
	case vertex:
		return c.Vertex.wayIn(client)
	}
	return []option.RequestOption{option.WithAPIKey(c.APIKey.Reveal())}, nil
}

// spelled is a model as the provider names it. Bedrock's names begin with the maker's; one that has it already, as that of
// an inference profile, stays as it is.
func (c Config) spelled(model string) string {
	if c.Provider == bedrock && !strings.Contains(model, maker) {
		return maker + model
	}
	return model
}

// maker is what Bedrock puts before the names of Anthropic's models.
const maker = "anthropic."

// plainName is a model's name as Anthropic has it, which prices and abilities go by.
func plainName(name string) string {
	if i := strings.LastIndex(name, maker); i >= 0 {
		return name[i+len(maker):]
	}
	return name
}

// Reachable asks whether the key is accepted and the model known, at no cost with Anthropic ("Get a Model"). The other
// providers have no such question: they are asked for an answer of one token. Its error is the API's.
func (c *Client) Reachable(ctx context.Context, model string) error {
	if c.cfg.Provider == direct {
		if _, err := c.sdk.Models.Get(ctx, model, anthropic.ModelGetParams{}); err != nil {
			return fmt.Errorf("ask for model %s: %w", model, err)
		}
		return nil
	}
	_, err := c.sdk.Messages.New(ctx, anthropic.MessageNewParams{
		Model: c.cfg.spelled(model), MaxTokens: 1, Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("."))},
	})
	if err != nil {
		return fmt.Errorf("ask model %s at %s: %w", model, c.cfg.Provider, err)
	}
	return nil
}
