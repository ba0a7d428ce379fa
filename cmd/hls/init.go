package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hls/internal/app/setup"
	"hls/internal/config"
	"hls/internal/hls"
)

type initCmd struct {
	Repo       []string `help:"Repository to work for, as owner/repo or owner/*; can be given several times." placeholder:"OWNER/REPO"`
	Mode       string   `help:"What becomes of planned effects: shadow (default), suggest or apply." enum:"shadow,suggest,apply" default:"shadow" placeholder:"MODE"`
	PublicURL  string   `help:"Where GitHub reaches HLS." placeholder:"URL"`
	GitHubURL  string   `name:"github-url" help:"Root of GitHub's API, for Enterprise Server (default: that of the settings that there are, else github.com's)." placeholder:"URL"`
	TokenEnv   string   `help:"Variable that has GitHub's token (default: GITHUB_TOKEN)." default:"GITHUB_TOKEN" placeholder:"NAME"`
	Secret     string   `help:"Secret of the webhook (default: that of the environment, else a new one)." placeholder:"TEXT"`
	Storage    string   `help:"Where the record is kept (default: sqlite:data/hls.db)." default:"sqlite:data/hls.db" placeholder:"URL"`
	App        bool     `help:"Make a GitHub App, in a browser on this machine, in place of a token."`
	AppName    string   `help:"Name of the App, which nobody else may have (default: HLS for the owner of the first repository)." placeholder:"NAME"`
	Org        string   `help:"Organization that the App belongs to (default: your own account)." placeholder:"NAME"`
	Out        string   `help:"Settings file to write (default: config/settings.yaml)." default:"config/settings.yaml" placeholder:"PATH"`
	Force      bool     `help:"Put new settings in the place of old ones. Secrets that there are stay."`
	ShowSecret bool     `help:"Print the secret of the webhook, to paste it on GitHub."`
	Output     string   `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls init --help.
func (initCmd) Help() string {
	return "Example:\n  hls init --repo acme/widget-shop --out own/settings.yaml --force\n" +
		"  hls init --app --repo acme/widget-shop --public-url https://hls.example.com --out own/settings.yaml --force\n\n" +
		"On a terminal it asks for what the flags leave open. Secrets go into the file .env beside the settings, which you alone " +
		"can read, and the settings name them as ${NAME}; they are not printed.\n\n" +
		"With --app it shows a page on this machine that leads to GitHub, which makes the App with the permissions and events " +
		"that HLS needs; its private key is kept beside the settings, where it is tried before whether files can be written. " +
		"Over ssh, forward the port that it tells.\n\n" +
		"The environment goes before .env: init tells where another value counts than the one that it was given."
}

// made is what init leaves behind, as it is printed.
type made struct {
	Settings string   `json:"settings"`
	Env      string   `json:"env"`
	Key      string   `json:"private_key,omitempty"`
	App      string   `json:"app,omitempty"` // its page on GitHub
	Missing  []string `json:"missing"`       // before the service can start
	Next     []string `json:"next"`          // commands

	Overridden []string `json:"overridden"` // variables of which another value counts than the one that was given
}

// Run writes settings.
func (k initCmd) Run(c *call) error {
	k.GitHubURL = cmp.Or(k.GitHubURL, presentGitHub(c))
	plan := setup.Plan{Path: k.Out, Force: k.Force, Secrets: map[string]hls.Secret{}}
	known, err := config.ReadEnv(plan.EnvPath())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if isTerminal(c.io.in) && isTerminal(c.io.out) {
		q := &questions{in: bufio.NewReader(c.io.in), out: c.io.out, hidden: hiddenLine(c.io.in)}
		if err := q.ask(c.ctx, &k, plan.Secrets, known); err != nil {
			return err
		}
	}
	plan.Answers = k.answers()
	if k.App {
		plan.Answers.App = &setup.App{}
	}
	err = cmp.Or(plan.Answers.Check(), plan.Free(), c.ctx.Err())
	if err == nil {
		err = k.secrets(plan.Secrets, known)
	}
	page := ""
	if err == nil && k.App {
		page, err = k.register(c, &plan)
	}
	if err == nil {
		err = plan.Write()
	}
	if err != nil && page != "" {
		err = fmt.Errorf("%w; the App is made all the same, and GitHub shows its secrets once: on its page, %s, make another private key "+
			"and another webhook secret, or delete it there and begin anew", err, page)
	}
	if errors.Is(err, setup.ErrAnswer) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if err != nil {
		return err
	}
	return k.tell(c, plan, page)
}

// presentGitHub is the server that settings which there are already lead to.
func presentGitHub(c *call) string {
	settings, err := config.Load(c.config, config.Options{Need: config.NeedNothing, Optional: true})
	if err != nil || settings.GitHub.BaseURL == config.Default().GitHub.BaseURL {
		return ""
	}
	return settings.GitHub.BaseURL
}

func (k initCmd) answers() setup.Answers {
	return setup.Answers{
		Repositories: k.Repo, Mode: k.Mode, Storage: k.Storage, PublicURL: strings.TrimSuffix(k.PublicURL, "/"),
		GitHubURL: k.GitHubURL, TokenEnv: k.TokenEnv,
	}
}

// secrets makes those that are HLS's own to make. One that is there already stays.
func (k initCmd) secrets(into map[string]hls.Secret, known map[string]string) error {
	if k.Secret != "" {
		into[setup.SecretVariable] = hls.Secret(k.Secret)
	}
	for _, name := range []string{setup.SecretVariable, setup.AdminVariable} {
		if into[name] != "" || known[name] != "" || os.Getenv(name) != "" || name == setup.SecretVariable && k.App {
			continue
		}
		secret, err := setup.Random()
		if err != nil {
			return err
		}
		into[name] = secret
	}
	return nil
}

// waitForApp is how long a person has to make the App: GitHub's code lasts an hour.
const waitForApp = time.Hour

// register makes the App, and returns its page on GitHub.
func (k initCmd) register(c *call, plan *setup.Plan) (page string, err error) {
	owner, _, _ := strings.Cut(k.Repo[0], "/")
	r, err := setup.Register(c.ctx, setup.NewApp{
		Name: cmp.Or(k.AppName, "HLS for "+owner), Organization: k.Org, GitHubURL: k.GitHubURL, PublicURL: plan.Answers.PublicURL,
	})
	if err != nil {
		return "", err
	}
	defer r.Close()
	if err := plan.Try(); err != nil { // GitHub shows the App's secrets once: they must find their places.
		return "", err
	}
	port := r.URL()[strings.LastIndex(r.URL(), ":")+1 : len(r.URL())-1]
	fmt.Fprintf(c.io.err, "Open this in a browser on this machine (over ssh, first: ssh -L %s:127.0.0.1:%s HOST):\n\n  %s\n\nWaiting for GitHub …\n", port, port, r.URL())
	ctx, cancel := context.WithTimeout(c.ctx, waitForApp)
	defer cancel()
	app, err := r.Wait(ctx)
	if err != nil {
		return "", err
	}
	plan.Key = app.PrivateKey
	plan.Secrets[setup.SecretVariable] = app.WebhookSecret
	path, err := filepath.Abs(plan.KeyPath())
	plan.Answers.App = &setup.App{ID: app.ID, KeyFile: path}
	return app.URL, err
}

func (k initCmd) tell(c *call, plan setup.Plan, page string) error {
	out := made{Settings: plan.Path, Env: plan.EnvPath(), App: page, Missing: []string{}}
	if plan.Key != "" {
		out.Key = plan.KeyPath()
	}
	lookup, err := config.Surroundings(plan.Path)
	if err != nil {
		return err
	}
	out.Overridden = plan.Overridden(lookup)
	var problems *config.Problems
	if _, err := config.Load(plan.Path, config.Options{}); errors.As(err, &problems) {
		for _, p := range problems.List {
			out.Missing = append(out.Missing, p.Text())
		}
	}
	at := ""
	if plan.Path != config.DefaultPath || os.Getenv("HLS_CONFIG") != "" {
		at = " --config " + plan.Path
	}
	out.Next = []string{"hls check --online" + at, "hls serve" + at}
	if !k.App {
		for _, repo := range k.Repo {
			if !hls.IsGlob(repo) && plan.Answers.PublicURL != "" {
				out.Next = append(out.Next, "hls hooks install "+repo+at)
			}
		}
	}
	out.Next = append(out.Next, "hls doctor"+at)
	if k.Output == "json" {
		return printJSON(c.io.out, out)
	}
	secret, _ := lookup(setup.SecretVariable)
	k.print(c.io.out, plan, out, secret)
	return nil
}

// whence tells where a variable is looked up first.
func (m made) whence(name string) string {
	if _, set := os.LookupEnv(name); set {
		return "the environment"
	}
	return m.Env
}

func (k initCmd) print(w io.Writer, plan setup.Plan, out made, secret string) {
	fmt.Fprintf(w, "Settings:  %s\nSecrets:   %s  (%s)\n", out.Settings, out.Env, strings.Join(slices.Sorted(maps.Keys(plan.Secrets)), ", "))
	if out.Key != "" {
		fmt.Fprintf(w, "App's key: %s\n", out.Key)
		fmt.Fprintf(w, "\nInstall the App on your repositories: %s/installations/new\n", plain(out.App))
	}
	if k.ShowSecret {
		fmt.Fprintf(w, "\nSecret of the webhook: %s\n", secret)
	}
	if len(out.Overridden) > 0 {
		fmt.Fprintln(w, "\nAnother value counts than the one that was given here; unset it there, or give it the same:")
		for _, name := range out.Overridden {
			fmt.Fprintf(w, "  %s in %s\n", name, out.whence(name))
		}
	}
	if len(out.Missing) > 0 {
		fmt.Fprintf(w, "\nStill missing, in the environment or in %s:\n", out.Env)
		for _, text := range out.Missing {
			fmt.Fprintln(w, "  "+plain(text))
		}
	}
	fmt.Fprintln(w, "\nNext:")
	for _, command := range out.Next {
		fmt.Fprintln(w, "  "+command)
	}
}
