package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"hls/internal/config"
	"hls/internal/hls"
)

type completionCmd struct {
	Shell string `arg:"" help:"The shell." enum:"bash,zsh,fish"`
}

// Help is shown by hls completion --help.
func (completionCmd) Help() string {
	return "Example:\n  hls completion bash\n  hls completion zsh\n  hls completion fish\n\n" +
		"To have it in every shell: for bash, add this line to ~/.bashrc:\n\n  source <(hls completion bash)\n\nfor zsh:\n\n" +
		"  hls completion zsh > \"${fpath[1]}/_hls\"\n\nfor fish:\n\n  hls completion fish > ~/.config/fish/completions/hls.fish"
}

// The scripts ask hls itself what may come next, so that they know every command that it has.
var scripts = map[string]string{
	"bash": `# Completion of hls for bash.
_hls() {
	local IFS=$'\n'
	COMPREPLY=($(hls complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
	if [[ ${COMP_WORDS[COMP_CWORD]} == = || ${COMP_WORDS[COMP_CWORD-1]} == = ]]; then
		COMPREPLY=("${COMPREPLY[@]#*=}")
	fi
}
complete -o default -F _hls hls
`,
	"zsh": `#compdef hls
# Completion of hls for zsh.
_hls() {
	local -a found
	local line
	for line in ${(f)"$(hls complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
		found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
	done
	if (( $#found )); then
		_describe hls found
	else
		_files
	fi
}
if [ "$funcstack[1]" = "_hls" ]; then
	_hls "$@"
else
	compdef _hls hls
fi
`,
	"fish": `# Completion of hls for fish.
complete -c hls -a '(hls complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
}

// Run prints the script.
func (k completionCmd) Run(c *call) error {
	_, err := fmt.Fprint(c.io.out, scripts[k.Shell])
	return err
}

type completeCmd struct {
	Words []string `arg:"" optional:"" help:"The words so far, the one that is being written last."`
}

// Help is shown by hls complete --help.
func (completeCmd) Help() string {
	return "Example:\n  hls complete -- deliveries li\n\nPrints what the last word may become, each with a tab and a few words about it. The scripts of hls completion call it."
}

// Run prints what the last word may become.
func (k completeCmd) Run(c *call, parsed *kong.Context) error {
	for _, one := range complete(parsed.Model.Node, k.Words, repositoriesOf(c)) {
		if _, err := fmt.Fprintf(c.io.out, "%s\t%s\n", one.text, one.about); err != nil {
			return err
		}
	}
	return nil
}

// repositoriesOf are the names that the settings have, as far as these can be read.
func repositoriesOf(c *call) func() []string {
	return func() []string {
		settings, err := config.Load(c.config, config.Options{Need: config.NeedNothing, Optional: true})
		if err != nil {
			return nil
		}
		var out []string
		for _, r := range settings.Repositories {
			if !hls.IsGlob(r.Name) {
				out = append(out, r.Name)
			}
		}
		return out
	}
}

// candidate is a word that may come next.
type candidate struct{ text, about string }

// complete tells what the last of the words may become.
func complete(root *kong.Node, words []string, repositories func() []string) []candidate {
	words = joined(words)
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	at := descend(root, words[:len(words)-1])
	var found []candidate
	flag, _, inline := strings.Cut(last, "=")
	switch value := at.pending; {
	case value != nil:
		found = values(value, "", repositories)
	case inline && strings.HasPrefix(last, "--"):
		if f := flagOf(at.node, flag); f != nil {
			found = values(f.Value, flag+"=", repositories)
		}
	case strings.HasPrefix(last, "-"):
		found = flags(at.node)
	default:
		for _, child := range at.node.Children {
			if !child.Hidden && at.given == 0 {
				found = append(found, candidate{child.Name, child.Help})
			}
		}
		if at.given < len(at.node.Positional) {
			found = append(found, values(at.node.Positional[at.given], "", repositories)...)
		}
	}
	return slices.DeleteFunc(found, func(one candidate) bool { return !strings.HasPrefix(one.text, last) })
}

// joined puts together again what bash takes apart at the sign =.
func joined(words []string) []string {
	var out []string
	for i, word := range words {
		last := len(out) - 1
		glued := last >= 0 && strings.HasPrefix(out[last], "--") && (word == "=" || i > 0 && words[i-1] == "=")
		if glued {
			out[last] += word
			continue
		}
		out = append(out, word)
	}
	return out
}

// spot is where on the command line the words so far lead.
type spot struct {
	node    *kong.Node
	pending *kong.Value // the flag whose value comes next
	given   int         // positional arguments so far
}

func descend(root *kong.Node, words []string) spot {
	at := spot{node: root}
	for _, word := range words {
		switch name, _, inline := strings.Cut(word, "="); {
		case at.pending != nil:
			at.pending = nil
		case strings.HasPrefix(word, "--"):
			if f := flagOf(at.node, name); f != nil && !inline && !f.IsBool() {
				at.pending = f.Value
			}
		default:
			child := slices.IndexFunc(at.node.Children, func(n *kong.Node) bool { return n.Name == word })
			if child < 0 {
				at.given++
				continue
			}
			at.node, at.given = at.node.Children[child], 0
		}
	}
	return at
}

func flagOf(node *kong.Node, name string) *kong.Flag {
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			if "--"+f.Name == name {
				return f
			}
		}
	}
	return nil
}

func flags(node *kong.Node) []candidate {
	var out []candidate
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			out = append(out, candidate{"--" + f.Name, f.Help})
		}
	}
	return out
}

// values are those that are known of a flag or an argument: the choices, or the repositories of the settings.
func values(v *kong.Value, prefix string, repositories func() []string) []candidate {
	var out []candidate
	for _, choice := range v.EnumSlice() {
		if choice = strings.TrimSpace(choice); choice != "" {
			out = append(out, candidate{prefix + choice, ""})
		}
	}
	about := strings.ToLower(v.Name + v.Help)
	if v.Flag != nil {
		about += strings.ToLower(v.Flag.PlaceHolder)
	}
	if strings.Contains(about, "owner/repo") || strings.HasPrefix(v.Name, "repo") {
		for _, name := range repositories() {
			out = append(out, candidate{prefix + name, ""})
		}
	}
	return out
}
