package kube

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// kubeconfig is what was read, and where.
type kubeconfig struct {
	from string // for messages
	raw  *clientcmdapi.Config
}

const kubeconfigForms = "Give kubeconfig as a path, or as the file's whole content, plain or base64."

// findKubeconfig takes the first of the option, $KUBECONFIG and ~/.kube/config.
func (o Options) findKubeconfig() (kubeconfig, bool, error) {
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
	k, err := o.readKubeconfig(value, name)
	return k, err == nil, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readKubeconfig tells a path, a list of paths, YAML and base64 apart. In a CI
// each of them is found in each of the places, $KUBECONFIG included. Errors of
// the parser quote what they read, so none of them is passed on.
func (o Options) readKubeconfig(value, name string) (kubeconfig, error) {
	if files := o.existing(value); len(files) > 0 {
		from := name + " (" + strings.Join(files, ", ") + ")"
		if name == "~/.kube/config" {
			from = name
		}
		raw, err := (&clientcmd.ClientConfigLoadingRules{Precedence: files}).Load()
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

// existing gives those files of a path list that exist. Like kubectl it skips
// the others.
func (o Options) existing(list string) []string {
	if strings.ContainsAny(strings.TrimSpace(list), "\n{") {
		return nil
	}
	var files []string
	for _, path := range filepath.SplitList(strings.TrimSpace(list)) {
		path = o.expand(path)
		if info, err := os.Stat(path); err == nil && !info.IsDir() && !slices.Contains(files, path) {
			files = append(files, path)
		}
	}
	return files
}

// looksLikePath says whether a value may be shown as the name of a missing
// file. Base64 and YAML do not look like this.
func looksLikePath(value string) bool {
	value = strings.TrimSpace(value)
	if len(value) > 400 || strings.ContainsAny(value, " \t\r\n{}\"") {
		return false
	}
	for _, prefix := range []string{"/", "./", "../", "~/"} {
		if strings.HasPrefix(value, prefix) {
			return true
		}
	}
	switch filepath.Ext(value) {
	case ".yaml", ".yml", ".json", ".conf", ".config", ".kubeconfig":
		return true
	}
	return false
}

// destination follows a context to its cluster and user.
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
	client := clientcmd.NewNonInteractiveClientConfig(*k.raw, name, &clientcmd.ConfigOverrides{}, nil)
	config, err := client.ClientConfig()
	if err != nil {
		return destination{}, wrongInput(fmt.Sprintf("use the context %q of %s", name, k.from), withoutCredentials(err, user),
			"Correct that context's cluster and user. Files that it names have to exist here; data embedded in it works everywhere.")
	}
	namespace, _, err := client.Namespace()
	if err != nil || namespace == "" {
		namespace = "default"
	}
	return destination{from: fmt.Sprintf("the context %q of %s", name, k.from), namespace: namespace, config: config}, nil
}

func (k kubeconfig) contexts() string {
	if len(k.raw.Contexts) == 0 {
		return "there is none"
	}
	return strings.Join(slices.Sorted(maps.Keys(k.raw.Contexts)), ", ")
}
