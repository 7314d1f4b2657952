package secrets

import (
	"strings"

	yaml "sigs.k8s.io/yaml/goyaml.v3"
)

// maxDocument is how many bytes of a text are read as YAML. In a larger one, its lines are
// looked at.
const maxDocument = 256 << 10

// inDocuments returns what is called a secret in a text that is YAML, or is below what is
// called so: on a line of its own, between braces, in a block of several lines.
func (l looking) inDocuments(text string) (found []string) {
	if l.depth == deepest || len(text) > maxDocument || !strings.Contains(text, ":") || !MayName(text) {
		return nil
	}
	if begin := strings.TrimSpace(text); !strings.Contains(begin, "\n") && !strings.HasPrefix(begin, "{") && !strings.HasPrefix(begin, "[") {
		return nil
	}
	documents := yaml.NewDecoder(strings.NewReader(text))
	for {
		var root yaml.Node
		if documents.Decode(&root) != nil {
			return found
		}
		if value := plain(&root); value != nil {
			found = looking{l.depth + 1}.inValues(value, false, found)
		}
	}
}

// plain returns what a node of YAML is, with texts as they are written; nil for a document that
// is no more than one text. What an alias stands for is met where its anchor is: by aliases, a
// small text can be made to mean a huge one.
func plain(node *yaml.Node) any {
	switch node.Kind {
	case yaml.DocumentNode:
		if len(node.Content) == 1 && node.Content[0].Kind != yaml.ScalarNode {
			return plain(node.Content[0])
		}
	case yaml.MappingNode:
		all := make(map[string]any, len(node.Content)/2)
		for i := 0; i+1 < len(node.Content); i += 2 {
			all[node.Content[i].Value] = plain(node.Content[i+1])
		}
		return all
	case yaml.SequenceNode:
		all := make([]any, len(node.Content))
		for i, item := range node.Content {
			all[i] = plain(item)
		}
		return all
	case yaml.ScalarNode:
		return node.Value
	case yaml.AliasNode:
	}
	return nil
}
