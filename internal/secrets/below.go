package secrets

import (
	"slices"
	"strings"
)

// SchemaField is what the schema of a kind is called. What it has below what is called a password describes that.
const SchemaField = "openAPIV3Schema"

// Below returns the texts of a field that is called a secret, and those in it where it holds fields of its own: x in
// password: {value: x}. What names a Secret or a key of one, and what says of which kind the secret is, is none of them.
func Below(value any) []string { return below("", value, nil) }

func below(of string, value any, found []string) []string {
	switch v := value.(type) {
	case string:
		if v != "" {
			found = append(found, v)
		}
	case []any:
		for _, inner := range v {
			found = below(of, inner, found)
		}
	case map[string]any:
		for key, inner := range v {
			if !describes(of, key, inner) {
				found = below(key, inner, found)
			}
		}
	}
	return found
}

// IsBelow returns whether the fields of a path lead from one that is called a secret to a value that counts below it.
func IsBelow(path []string, value any) bool {
	at := slices.IndexFunc(path, IsName)
	if at < 0 || at == len(path)-1 || slices.Contains(path, SchemaField) {
		return false
	}
	for i := at + 1; i < len(path); i++ {
		var held any // by the last of them
		if i == len(path)-1 {
			held = value
		}
		if describes(path[i-1], path[i], held) {
			return false
		}
	}
	return len(Below(value)) > 0
}

// describes returns whether a field below what is called a secret says where that is, or of which kind: a pod's volumes
// and variables name a Secret and its keys so, and the kinds of cert-manager, KEDA and others what else is to be known.
func describes(of, field string, value any) bool {
	switch strings.ToLower(field) {
	case "valuefrom", "audience", "audiences", "algorithm", "encoding", "rotationpolicy", "parameter", "property", "apiversion",
		"description":
		return true
	case "key":
		if of == "items" { // of a volume: whatever a file is called
			return true
		}
	}
	return isReference(field, value) || slices.ContainsFunc([]string{"Ref", "Refs", "Name", "Namespace"},
		func(ending string) bool { return strings.HasSuffix(field, ending) })
}
