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
	Repositories []RepositorySecrets // in the order of the settings: the first whose name fits is the one that applies
	// Unsigned turns the signature check off (features.signature_validation: false). Only set it for a listener on
	// loopback: whoever wires the program checks that.
	Unsigned bool
}

// RepositorySecrets are the only secrets that prove deliveries of the repositories that Name (owner/repo, or a glob
// such as owner/*) stands for. Without any, the global ones do.
type RepositorySecrets struct {
	Name    string
	Secrets []hls.Secret
}

// ring is a set of secrets any of which proves a delivery.
type ring struct {
	keys  [][]byte
	scope string // the entry of the settings that it belongs to; "" for the global one
}

// keyring finds the one ring for a repository: that of the very entry whose rule applies to its deliveries.
type keyring struct {
	global   *ring
	names    hls.Places
	rings    []*ring // by the place of their names
	own      bool    // some entry has a ring of its own
	unsigned bool    // no signature is asked for
}

var errEmptySecret = errors.New("a secret is empty")

func newKeyring(s Secrets) (*keyring, error) {
	global, err := newRing(s.Global)
	if err != nil {
		return nil, fmt.Errorf("read github.webhook_secret: %w", err)
	}
	k := &keyring{global: global, unsigned: s.Unsigned}
	for _, r := range s.Repositories {
		own, err := newRing(r.Secrets)
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
	glob := hls.IsGlob(name)
	if _, err := path.Match(name, ""); glob && err != nil {
		return fmt.Errorf("read repository name %q: %w", name, err)
	}
	if !glob && !repositoryName(name) {
		return fmt.Errorf("read repository name %q: it is neither owner/repo nor a glob", name)
	}
	own.scope = name
	if len(own.keys) == 0 {
		own = k.global
	}
	k.own = k.own || own != k.global
	k.names.Add(name)
	k.rings = append(k.rings, own)
	return nil
}

// choose looks into an unverified payload for the repository, when that can make a difference.
func (k *keyring) choose(payload []byte) *ring {
	if !k.own {
		return k.global
	}
	return k.ring(peek(payload))
}

// ring is the one set of secrets for a repository, "" when the delivery has none.
func (k *keyring) ring(repository string) *ring {
	if i, found := k.names.First(repository); found {
		return k.rings[i]
	}
	return k.global
}

// Scope is that of deliveries about a repository.
func (h *Handler) Scope(repo string) string { return h.keys.Load().ring(repo).scope }

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
