// Command lint reads manifests of Kubernetes from standard input by the types of Kubernetes itself, strictly: a field that is
// not known, that is there twice or that has the wrong type is an error, and so is a workload that may more than it needs.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	kinds, err := read(os.Stdin)
	for _, kind := range []string{"Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "ConfigMap", "Namespace"} {
		if err == nil && kinds[kind] == 0 {
			err = fmt.Errorf("there is no %s", kind)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("manifests:", kinds)
}

// read checks every document, and counts them by kind.
func read(from io.Reader) (map[string]int, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apps.AddToScheme, core.AddToScheme, networking.AddToScheme, policy.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	documents := yaml.NewYAMLReader(bufio.NewReader(from))
	kinds := map[string]int{}
	for {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return kinds, nil
		}
		if err != nil {
			return nil, err
		}
		object, kind, err := strict.Decode(text, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("%w in\n%s", err, text)
		}
		kinds[kind.Kind]++
		if d, ok := object.(*apps.Deployment); ok {
			if err := confined(d); err != nil {
				return nil, fmt.Errorf("Deployment %s: %w", d.Name, err)
			}
		}
	}
}

// confined tells what a workload may do that it need not, and what its operators would miss.
func confined(d *apps.Deployment) error {
	pod := d.Spec.Template.Spec
	var wrong []error
	must := func(ok bool, what string) {
		if !ok {
			wrong = append(wrong, errors.New(what))
		}
	}
	must(d.Spec.Replicas != nil && *d.Spec.Replicas >= 2, "fewer than two replicas")
	must(pod.SecurityContext != nil && yes(pod.SecurityContext.RunAsNonRoot), "may run as root")
	must(pod.AutomountServiceAccountToken != nil && !*pod.AutomountServiceAccountToken, "has a token of the cluster")
	for _, c := range pod.Containers {
		s := c.SecurityContext
		must(s != nil && yes(s.ReadOnlyRootFilesystem), "writes to its root file system")
		must(s != nil && s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation, "may gain privileges")
		must(s != nil && s.Capabilities != nil && len(s.Capabilities.Drop) == 1 && s.Capabilities.Drop[0] == "ALL", "has capabilities")
		must(c.LivenessProbe != nil && c.ReadinessProbe != nil && c.StartupProbe != nil, "lacks a probe")
		must(!c.Resources.Limits.Memory().IsZero(), "has no limit on memory")
	}
	return errors.Join(wrong...)
}

func yes(b *bool) bool { return b != nil && *b }
