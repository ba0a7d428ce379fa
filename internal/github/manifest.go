package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"hls/internal/hls"
)

// MadeApp is a GitHub App that was made from a manifest ("Registering a GitHub App from a manifest"). GitHub shows its
// secrets this once.
type MadeApp struct {
	ID            int64
	Slug          string
	URL           string // of its page, from where it is installed
	PrivateKey    hls.Secret
	WebhookSecret hls.Secret
}

// manifestCode is what GitHub gives as the code of a manifest.
var manifestCode = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

// ConvertManifest exchanges the code that GitHub gives for a manifest. A code can be exchanged once, within an hour, and
// by whoever has it: no credential is asked for.
func (c *Client) ConvertManifest(ctx context.Context, code string) (MadeApp, error) {
	if !manifestCode.MatchString(code) {
		return MadeApp{}, &hls.Permanent{Err: errors.New("GitHub's answer has no code of a manifest"), Reason: reasonInvalid}
	}
	var made struct {
		ID            int64      `json:"id"`
		Slug          string     `json:"slug"`
		URL           string     `json:"html_url"`
		PEM           hls.Secret `json:"pem"`
		WebhookSecret hls.Secret `json:"webhook_secret"`
	}
	_, err := c.tokenDoor("").do(ctx, call{
		method: http.MethodPost, path: fmt.Sprintf("app-manifests/%s/conversions", code), into: &made, does: creates,
	})
	if err != nil {
		return MadeApp{}, fmt.Errorf("exchange code of the manifest: %w", err)
	}
	if made.ID <= 0 || made.WebhookSecret == "" {
		return MadeApp{}, errors.New("exchange code of the manifest: GitHub's answer has no App with a webhook secret")
	}
	if _, err := parseKey([]byte(made.PEM.Reveal())); err != nil {
		return MadeApp{}, fmt.Errorf("exchange code of the manifest: %w", err)
	}
	return MadeApp{ID: made.ID, Slug: made.Slug, URL: made.URL, PrivateKey: made.PEM, WebhookSecret: made.WebhookSecret}, nil
}
