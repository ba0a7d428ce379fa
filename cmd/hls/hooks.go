package main

import (
	"errors"
	"fmt"
)

type hooksCmd struct {
	Install hooksInstallCmd `cmd:"" help:"Create or repair a repository's webhook."`
	Recover hooksRecoverCmd `cmd:"" help:"Take in deliveries that failed or never came."`
}

// caution is for commands that only tell what they would do until they are told to do it.
type caution struct {
	DryRun *bool `help:"Only tell what would be done (default); --dry-run=false does it." placeholder:"true|false"`
	Apply  bool  `help:"Do it."`
}

// apply tells whether to do it.
func (c caution) apply() (bool, error) {
	if c.DryRun == nil {
		return c.Apply, nil
	}
	if c.Apply && *c.DryRun {
		return false, fmt.Errorf("%w: --apply and --dry-run contradict each other", errUsage)
	}
	return !*c.DryRun, nil
}

var errTrouble = errors.New("not everything could be looked through")
