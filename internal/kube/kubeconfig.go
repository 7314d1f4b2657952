package kube

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// kubeconfig is a kubeconfig that was read.
type kubeconfig struct {
	from string // where, for messages
	raw  *clientcmdapi.Config
}

const kubeconfigForms = "Give kubeconfig as a path, or as the file's whole content, plain or base64."

// findKubeconfig reads the first that there is of the option, $KUBECONFIG and
// ~/.kube/config. It is false where there is none.
func (o Options) findKubeconfig(ctx context.Context) (kubeconfig, bool, error) {
	value, name := o.Kubeconfig, "kubeconfig"
	if strings.TrimSpace(value) == "" {
		value, name = o.Getenv("KUBECONFIG"), "$KUBECONFIG"
	}
	if strings.TrimSpace(value) == "" {
		if !exists(o.home()) {
			return kubeconfig{}, false, nil
		}
		value, name = o.home(), "~/.kube/config"
	}
	k, err := o.readKubeconfig(ctx, value, name)
	if err == nil {
		o.Hide(secretsIn(k.raw)...)
	}
	return k, err == nil, err
}

// readKubeconfig reads a kubeconfig from a value that is a path, a list of paths,
// YAML or base64. In a CI each of these is found in each of the places, also in
// $KUBECONFIG. The parser's errors quote what it read, so they are not passed on.
func (o Options) readKubeconfig(ctx context.Context, value, name string) (kubeconfig, error) {
	if files := o.existing(value); len(files) > 0 {
		from := name + " (" + strings.Join(files, ", ") + ")"
		if name == "~/.kube/config" {
			from = name
		}
		raw, err := o.loadFiles(ctx, files)
		if errors.Is(err, errUnread) {
			return kubeconfig{}, wrongInput("read "+from, err, "Give a file, or its content.")
		}
		if err != nil {
			return kubeconfig{}, wrongInput("read "+from, errors.New("it cannot be read as a kubeconfig"),
				"Check it:\n$ kubectl config view --kubeconfig FILE")
		}
		return kubeconfig{from, raw}, nil
	}
	if looksLikePath(value) {
		return kubeconfig{}, wrongInput("read "+name, fmt.Errorf("there is no file %s", strings.TrimSpace(value)),
			kubeconfigForms+" In a container only what is mounted can be read.")
	}
	content := []byte(value)
	if decoded, err := decodeBase64(value); err == nil {
		content = decoded
	}
	raw, err := clientcmd.Load(content)
	if err != nil || len(raw.Clusters) == 0 && len(raw.Contexts) == 0 {
		return kubeconfig{}, wrongInput("read "+name,
			errors.New("it is neither a file's path, nor a kubeconfig in YAML, nor one in base64"), kubeconfigForms)
	}
	return kubeconfig{name, raw}, nil
}

// destination returns the cluster and user of a context, or of the current one if
// name is empty.
func (k kubeconfig) destination(name string) (destination, error) {
	if name == "" {
		name = k.raw.CurrentContext
	}
	chosen, ok := k.raw.Contexts[name]
	if !ok {
		cause := fmt.Errorf("there is no context %q", name)
		if name == "" {
			cause = errors.New("it has no current context")
		}
		return destination{}, wrongInput("read "+k.from, cause, "Set kube-context to one that exists: "+k.contexts()+".")
	}
	user := k.raw.AuthInfos[chosen.AuthInfo]
	if err := checkCredentials(user, chosen.AuthInfo); err != nil {
		return destination{}, err
	}
	if err := checkFiles(k.raw.Clusters[chosen.Cluster], user); err != nil {
		return destination{}, wrongInput(fmt.Sprintf("use the context %q of %s", name, k.from), withoutCredentials(err, user),
			"Name files in that context's cluster and user, or embed the data in it, which works everywhere.")
	}
	client := clientcmd.NewNonInteractiveClientConfig(*k.raw, name, &clientcmd.ConfigOverrides{}, nil)
	config, err := client.ClientConfig()
	if err != nil {
		return destination{}, wrongInput(fmt.Sprintf("use the context %q of %s", name, k.from), withoutCredentials(err, user),
			"Correct that context's cluster and user. Files that it names have to exist here; data embedded in it works everywhere.")
	}
	return destination{from: fmt.Sprintf("the context %q of %s", name, k.from), config: config, hasCredentials: hasCredentials(user)}, nil
}

// contexts lists the names of the contexts, for people.
func (k kubeconfig) contexts() string {
	if len(k.raw.Contexts) == 0 {
		return "there is none"
	}
	return strings.Join(slices.Sorted(maps.Keys(k.raw.Contexts)), ", ")
}
