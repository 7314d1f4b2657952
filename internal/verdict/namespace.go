package verdict

import (
	"slices"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
)

// Tenancy says whose a namespace is.
type Tenancy string

// The tenancies. Only TenancyOwn is ever deleted: for anything else it is not known
// that nobody but this branch loses by it.
const (
	TenancyNone   Tenancy = "none"   // Berth neither made nor adopted it, or it may not be read
	TenancySystem Tenancy = "system" // Kubernetes' own
	TenancyOwn    Tenancy = "own"    // made or adopted for this branch, and no other has ever deployed there
	TenancyOther  Tenancy = "other"  // made or adopted for another branch, and this one has never deployed there
	TenancyShared Tenancy = "shared" // more than one branch has deployed there, or it cannot be told
)

// TenancyOf returns whose a namespace is for the branch with this identity. A version of
// Berth that noted nobody may have let any number of branches deploy into a namespace of
// a fixed name.
func TenancyOf(ns facts.Namespace, identity string) Tenancy {
	switch {
	case ns.System():
		return TenancySystem
	case !ns.Ours:
		return TenancyNone
	case ns.Shared:
		return TenancyShared
	case ns.Identity != "" && ns.Identity == identity:
		return TenancyOwn
	case ns.Identity != "":
		return TenancyOther
	case ns.DeployedBy == "":
		return TenancyShared
	case ns.DeployedBy == identity:
		return TenancyOwn
	}
	return TenancyOther
}

// SharesNamespace returns whether a namespace has to be noted as shared before the branch
// with this identity deploys there.
func SharesNamespace(ns facts.Namespace, identity string) bool {
	return !ns.Shared && ns.Identity == "" && ns.DeployedBy != identity
}

// NamespaceAction is what teardown does with the release's namespace.
type NamespaceAction string

// The actions. Only a namespace that Berth made for this branch, that holds nothing of
// others and that nobody wants to keep is deleted.
const (
	NamespaceDelete NamespaceAction = "delete"
	NamespaceStays  NamespaceAction = "stays" // it is not this branch's to delete
	NamespaceKept   NamespaceAction = "kept"  // it is, and something in it is not
)

// NamespacePlan is what teardown does with the release's namespace, and why.
type NamespacePlan struct {
	Action    NamespaceAction
	Why       string   // NamespaceStays: why; a clause
	Obstacles []string // NamespaceKept: what speaks against deleting it, and why
}

// DecideNamespace returns what teardown of a release does with its namespace. kept is
// what the uninstall left, and why.
func DecideNamespace(ns facts.Namespace, identity, release string, around facts.Surroundings, kept []string, p Policy) NamespacePlan {
	if why := stays(ns, identity); why != "" {
		return NamespacePlan{Action: NamespaceStays, Why: why}
	}
	if apps := appsOf(identity, around.Releases); len(apps) > 0 { // which delete-foreign does not speak of
		return NamespacePlan{Action: NamespaceStays, Why: "this branch has another app in it, " + strings.Join(apps, ", ") +
			". The last one that is taken down takes it along"}
	}
	var obstacles []string
	if !p.DeleteForeign {
		if len(kept) > 0 {
			obstacles = append(obstacles, "what was left in it")
		}
		if ns.Keep {
			obstacles = append(obstacles, "what is on it: "+ns.KeepWhy)
		}
		if len(around.Releases) > 0 {
			obstacles = append(obstacles, "records of other releases: "+quotedNames(around.Releases))
		}
	}
	for _, r := range around.Residents {
		if why := keepsNamespace(ns, r, release, identity, p); why != "" {
			obstacles = append(obstacles, r.In(ns.Name)+": "+why)
		}
	}
	if len(obstacles) > 0 {
		return NamespacePlan{Action: NamespaceKept, Obstacles: obstacles}
	}
	return NamespacePlan{Action: NamespaceDelete}
}

// Spared returns those of what is in a namespace that keep it from being deleted. Nor is to go
// what Kubernetes would delete them with.
func Spared(ns facts.Namespace, identity, release string, residents []facts.Resident, p Policy) []facts.Resident {
	return slices.DeleteFunc(slices.Clone(residents), func(r facts.Resident) bool {
		return keepsNamespace(ns, r, release, identity, p) == ""
	})
}

// appsOf returns the releases that are a branch's, too: other apps of a repository with
// several.
func appsOf(identity string, others []facts.Neighbour) []string {
	return names(slices.DeleteFunc(slices.Clone(others), func(r facts.Neighbour) bool { return r.Identity == "" || r.Identity != identity }))
}

// quotedNames lists releases as they are shown.
func quotedNames(releases []facts.Neighbour) string {
	all := names(releases)
	for i, name := range all {
		all[i] = strconv.Quote(name)
	}
	return strings.Join(all, ", ")
}

func names(releases []facts.Neighbour) []string {
	all := make([]string, len(releases))
	for i, r := range releases {
		all[i] = r.Name
	}
	return all
}

// isIn returns whether a release, as namespace/name, is one of the namespace.
func isIn(namespace, release string) bool { return strings.HasPrefix(release, namespace+"/") }

// stays returns why a namespace is not this branch's to delete, or "".
func stays(ns facts.Namespace, identity string) string {
	switch TenancyOf(ns, identity) {
	case TenancyOwn:
		return ""
	case TenancySystem:
		return "it is Kubernetes' own"
	case TenancyShared:
		return "more than one branch has deployed there, or it cannot be told"
	case TenancyOther:
		return "Berth made it for another branch, and this one has never deployed there"
	case TenancyNone:
	}
	return "Berth did not make it"
}

// keepsNamespace returns why an object keeps its namespace from being deleted, or "". What
// controllers made of data before the namespace was adopted is no branch's to delete: another
// one's StatefulSet leaves such claims, and nothing on them says whose they are.
func keepsNamespace(ns facts.Namespace, r facts.Resident, release, identity string, p Policy) string {
	own := ns.Name + "/" + release
	if why := againstDeleting(r, own, identity, p); why != "" {
		return why
	}
	spoken := p.DeleteForeign || r.WithApp || slices.ContainsFunc(p.NamespaceOwns, r.Matches) || saysOurs(r, own)
	if !spoken && r.Kind == claimKind && !ns.Adopted.IsZero() && r.Created.Before(ns.Adopted) {
		return "it was there before Berth adopted the namespace"
	}
	return ""
}

// saysOurs returns whether an object says that it is of the release that is named own.
func saysOurs(r facts.Resident, own string) bool {
	return r.Owner == own || r.Hook && (r.HookOf == "" || r.HookOf == own)
}

// helmsClient is the name by which Helm, and Berth for it, makes objects.
const helmsClient = "helm"

// MayBeCopies returns whether there is what says that it is of the release, and was made by
// a person, from a copy of what the release has, or what a hook of Helm's made that may be
// another release's, unless the release has it.
func MayBeCopies(residents []facts.Resident, namespace, release string) bool {
	return slices.ContainsFunc(residents, func(r facts.Resident) bool { return mayBeCopy(r, namespace+"/"+release) })
}

func mayBeCopy(r facts.Resident, own string) bool {
	switch {
	case !saysOurs(r, own) || r.Maker == "":
		return false
	case r.Maker == helmsClient:
		return ofSomeHook(r, own) && own != r.Namespace+"/"+r.Instance
	}
	return true
}

// ofSomeHook returns whether an object says that a hook made it, and not of which release.
func ofSomeHook(r facts.Resident, own string) bool { return r.Hook && r.HookOf == "" && r.Owner != own }

// MarkCopies notes which of what is in a namespace are copies. named are the objects that the
// release's records name.
func MarkCopies(residents []facts.Resident, namespace, release string, named []facts.Ref) []facts.Resident {
	marked := slices.Clone(residents)
	for i, r := range marked {
		marked[i].Copy = mayBeCopy(r, namespace+"/"+release) &&
			!slices.ContainsFunc(named, func(ref facts.Ref) bool { return sameObject(ref, r.Ref) })
	}
	return marked
}

// againstDeleting returns why an object keeps its namespace from being deleted with the
// release that is named own, of the branch with this identity, or "".
func againstDeleting(r facts.Resident, own, identity string, p Policy) string {
	ours := !r.Copy && saysOurs(r, own)
	declared := r.WithApp || slices.ContainsFunc(p.NamespaceOwns, r.Matches)
	released := p.DeleteForeign
	if ours {
		released = p.DeleteKept
	}
	switch {
	case r.Policy && !released:
		return "its policy is to be kept (helm.sh/resource-policy)"
	case r.KeepWhy != "" && !p.DeleteForeign: // whatever its policy is: somebody else wants it
		return r.KeepWhy
	case p.DeleteForeign, ours, declared:
		return ""
	case r.Copy && ofSomeHook(r, own):
		return "a hook made it, and nothing that is stored of this release names it"
	case r.Copy:
		return "it was made with " + r.Maker + " and bears the marks of this release, of which nothing that is stored names it"
	case r.Owner != "" && (r.Maker != "" || isIn(r.Namespace, r.Owner)):
		return "it belongs to release " + r.Owner
	case r.HookOf != "" && isIn(r.Namespace, r.HookOf):
		return "a hook of release " + r.HookOf + " made it"
	case r.Identity != "" && r.Identity != identity:
		return "it is marked as another branch's"
	case r.Maker == "": // such as a copy of what a release of another namespace has
		return ""
	}
	return "it was made with " + r.Maker + ", and nothing of this release owns it"
}
