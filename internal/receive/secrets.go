package receive

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"hls/internal/hls"
)

// Secrets are the webhook secrets in force. Several at one place are all valid: one is being rotated.
type Secrets struct {
	Global       []hls.Secret
	Repositories []RepositorySecrets // only those that have secrets of their own, in the order of the settings
	// Unsigned turns the signature check off (features.signature_validation: false). Only set it for a listener on
	// loopback: whoever wires the program checks that.
	Unsigned bool
}

// RepositorySecrets are the only secrets that prove deliveries of the repositories that Name (owner/repo, or a glob
// such as owner/*) stands for.
type RepositorySecrets struct {
	Name    string
	Secrets []hls.Secret
}

// ring is a set of secrets any of which proves a delivery.
type ring struct{ keys [][]byte }

// keyring finds the one ring for a repository: by its exact name, else by the first glob, else the global one.
type keyring struct {
	global   *ring
	exact    map[string]*ring
	globs    []globRing
	unsigned bool // no signature is asked for
}

type globRing struct {
	pattern string
	ring    *ring
}

var errEmptySecret = errors.New("a secret is empty")

func newKeyring(s Secrets) (*keyring, error) {
	global, err := newRing(s.Global)
	if err != nil {
		return nil, fmt.Errorf("read github.webhook_secret: %w", err)
	}
	k := &keyring{global: global, exact: map[string]*ring{}, unsigned: s.Unsigned}
	for _, r := range s.Repositories {
		own, err := newRing(r.Secrets)
		if err == nil && len(own.keys) == 0 {
			err = errEmptySecret
		}
		if err != nil {
			return nil, fmt.Errorf("read webhook_secret of %s: %w", r.Name, err)
		}
		if err := k.add(hls.Fold(r.Name), own); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func (k *keyring) add(name string, own *ring) error {
	if hls.IsGlob(name) {
		if _, err := path.Match(name, ""); err != nil {
			return fmt.Errorf("read repository name %q: %w", name, err)
		}
		k.globs = append(k.globs, globRing{name, own})
		return nil
	}
	if !repositoryName(name) {
		return fmt.Errorf("read repository name %q: it is neither owner/repo nor a glob", name)
	}
	if k.exact[name] == nil {
		k.exact[name] = own
	}
	return nil
}

// choose looks into an unverified payload for the repository, when that can make a difference.
func (k *keyring) choose(payload []byte) *ring {
	if len(k.exact) == 0 && len(k.globs) == 0 {
		return k.global
	}
	return k.ring(peek(payload))
}

// ring is the one set of secrets for a repository, "" when the delivery has none.
func (k *keyring) ring(repository string) *ring {
	name := hls.Fold(repository)
	if own := k.exact[name]; own != nil {
		return own
	}
	for _, g := range k.globs {
		if ok, err := path.Match(g.pattern, name); ok && err == nil {
			return g.ring
		}
	}
	return k.global
}

func newRing(secrets []hls.Secret) (*ring, error) {
	r := &ring{}
	for _, s := range secrets {
		if s.Reveal() == "" {
			return nil, errEmptySecret
		}
		r.keys = append(r.keys, []byte(s.Reveal()))
	}
	return r, nil
}

var repositoryPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}/[A-Za-z0-9._-]{1,100}$`)

// repositoryName tells whether s can be a repository's full name. Names of dots alone would climb in a URL's path.
func repositoryName(s string) bool {
	return repositoryPattern.MatchString(s) && !strings.HasSuffix(s, "/.") && !strings.HasSuffix(s, "/..")
}

var errNoSecret = errors.New("no secret is in force for this delivery")

// explain tells the log, and not the sender, why nothing matched.
func (r *ring) explain() error {
	if len(r.keys) == 0 {
		return errNoSecret
	}
	return nil
}
