package ownership

import (
	"slices"
	"strings"
)

// AnnotationKeep forbids Berth to delete an object. It counts as a label, too,
// with any value but "false".
const AnnotationKeep = "berth.dev/keep"

// LabelWithApp is on what a team adds to a namespace for its review app, and says
// that it goes with that. It counts as an annotation, too, with any value but "false".
const LabelWithApp = "berth.dev/with-app"

// GoesWithApp reports whether a label or annotation says that an object goes with the
// review app's namespace.
func GoesWithApp(labels, annotations map[string]string) bool {
	for _, marks := range []map[string]string{annotations, labels} {
		if v, ok := marks[LabelWithApp]; ok && !strings.EqualFold(v, "false") {
			return true
		}
	}
	return false
}

// gitOpsMarks are the labels and annotations by which a GitOps controller says
// that an object is its own.
var gitOpsMarks = []string{
	"kustomize.toolkit.fluxcd.io/name",
	"helm.toolkit.fluxcd.io/name",
	"argocd.argoproj.io/tracking-id",
	"argocd.argoproj.io/instance",
	"objectset.rio.cattle.io/id", // Rancher's Fleet
	"kapp.k14s.io/app",
	"config.k8s.io/owning-inventory", // kpt, Config Sync
}

// gitOpsManagers are the names in managedFields of controllers that may leave no mark
// of their own: Argo CD goes by the label app.kubernetes.io/instance unless it is told
// otherwise, which charts set as well.
var gitOpsManagers = []string{
	"argocd-controller", "argocd-application-controller", "kustomize-controller", "helm-controller", "fleetagent", "configsync",
}

// IsGitOps reports whether a name in managedFields is that of a GitOps controller.
func IsGitOps(manager string) bool { return slices.Contains(gitOpsManagers, manager) }

// KeepMark reports whether a label or annotation forbids to delete an object, and
// which.
func KeepMark(labels, annotations map[string]string) (why string, keep bool) {
	return KeepMarkBeside(labels, annotations, nil, nil)
}

// KeepMarkBeside is KeepMark for an object of a release whose manifest gives it these
// labels and annotations. A GitOps controller's mark that the chart itself puts there, as
// it is, tells of nobody else; berth.dev/keep forbids it whoever wrote it.
func KeepMarkBeside(labels, annotations, wantedLabels, wantedAnnotations map[string]string) (why string, keep bool) {
	for _, of := range [][2]map[string]string{{annotations, wantedAnnotations}, {labels, wantedLabels}} {
		marks, wanted := of[0], of[1]
		if v, ok := marks[AnnotationKeep]; ok && !strings.EqualFold(v, "false") {
			return "it is marked " + AnnotationKeep, true
		}
		if why, owned := ownedByGitOps(marks, wanted); owned {
			return why, true
		}
	}
	return "", false
}

// OwnedByGitOps reports by which label or annotation a GitOps controller says that an object
// is its own. put are what manifests of the object's release put there: what one of them has
// as well, as it is, tells of nobody else.
func OwnedByGitOps(labels, annotations map[string]string, put ...map[string]string) (why string, owned bool) {
	if why, owned = ownedByGitOps(annotations, put...); owned {
		return why, owned
	}
	return ownedByGitOps(labels, put...)
}

func ownedByGitOps(marks map[string]string, put ...map[string]string) (why string, owned bool) {
	for _, key := range gitOpsMarks {
		v := marks[key]
		if v != "" && !slices.ContainsFunc(put, func(by map[string]string) bool { return by[key] == v }) {
			return "a GitOps controller owns it (" + key + ")", true
		}
	}
	return "", false
}
