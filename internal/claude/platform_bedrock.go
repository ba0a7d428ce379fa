package claude

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signedService is the name by which requests to the endpoint are signed.
const signedService = "bedrock-mantle"

func (b Bedrock) wayIn() []option.RequestOption {
	if b.APIKey != "" {
		return []option.RequestOption{option.WithHeader("Authorization", "Bearer "+b.APIKey.Reveal())}
	}
	signer := v4.NewSigner()
	return []option.RequestOption{option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		if err := b.sign(signer, r, time.Now()); err != nil {
			return nil, err
		}
		return next(r)
	})}
}

// sign signs a request with the access key ("AWS Signature Version 4").
func (b Bedrock) sign(signer *v4.Signer, r *http.Request, now time.Time) error {
	body, err := taken(r)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: b.AccessKeyID, SecretAccessKey: b.SecretAccessKey.Reveal(), SessionToken: b.SessionToken.Reveal()}
	if err := signer.SignHTTP(r.Context(), key, r, hex.EncodeToString(sum[:]), signedService, b.Region, now); err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	return nil
}

// taken reads a request's body, and leaves it to be sent.
func taken(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	put(r, body)
	return body, nil
}

// put gives a request its body.
func put(r *http.Request, body []byte) {
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.ContentLength = int64(len(body))
}
