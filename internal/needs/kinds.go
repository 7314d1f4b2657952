package needs

import "strings"

// ofNamespace and ofCluster are the kinds that Kubernetes itself serves, by their group.
var (
	ofNamespace = map[string]string{
		"": "Binding ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota " +
			"Secret Service ServiceAccount",
		"apps":                      "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
		"autoscaling":               "HorizontalPodAutoscaler",
		"batch":                     "CronJob Job",
		"certificates.k8s.io":       "PodCertificateRequest",
		"coordination.k8s.io":       "Lease LeaseCandidate",
		"discovery.k8s.io":          "EndpointSlice",
		"events.k8s.io":             "Event",
		"networking.k8s.io":         "Ingress NetworkPolicy",
		"policy":                    "PodDisruptionBudget",
		"rbac.authorization.k8s.io": "Role RoleBinding",
		"resource.k8s.io":           "ResourceClaim ResourceClaimTemplate",
		"scheduling.k8s.io":         "PodGroup Workload",
		"storage.k8s.io":            "CSIStorageCapacity",
		"extensions":                "DaemonSet Deployment Ingress NetworkPolicy ReplicaSet", // before they moved
	}
	ofCluster = map[string]string{
		"": "Namespace Node PersistentVolume",
		"admissionregistration.k8s.io": "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration " +
			"ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration",
		"apiextensions.k8s.io":         "CustomResourceDefinition",
		"apiregistration.k8s.io":       "APIService",
		"certificates.k8s.io":          "CertificateSigningRequest ClusterTrustBundle",
		"flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
		"networking.k8s.io":            "IPAddress IngressClass ServiceCIDR",
		"node.k8s.io":                  "RuntimeClass",
		"rbac.authorization.k8s.io":    "ClusterRole ClusterRoleBinding",
		"resource.k8s.io":              "DeviceClass DeviceTaintRule ResourceSlice",
		"scheduling.k8s.io":            "PriorityClass",
		"storage.k8s.io":               "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
	}
	builtIn = table()
	// builtInNames are the same by what they are served as, and ofKubernetes are their groups.
	builtInNames, ofKubernetes = byName(builtIn)
)

// groupKind is a kind without its version.
type groupKind struct{ group, kind string }

// groupName is what a kind is served as, without its version.
type groupName struct{ group, name string }

// movedTo is where the kinds of a group went that is served no more.
var movedTo = map[groupKind]string{
	{"extensions", "DaemonSet"}: "apps", {"extensions", "Deployment"}: "apps", {"extensions", "ReplicaSet"}: "apps",
	{"extensions", "Ingress"}: "networking.k8s.io", {"extensions", "NetworkPolicy"}: "networking.k8s.io",
}

func table() map[groupKind]Resource {
	all := map[groupKind]Resource{}
	for namespaced, groups := range map[bool]map[string]string{true: ofNamespace, false: ofCluster} {
		for group, kinds := range groups {
			for _, kind := range strings.Fields(kinds) {
				r := Resource{Group: group, Name: plural(kind), Namespaced: namespaced}
				if to, moved := movedTo[groupKind{group, kind}]; moved {
					r.Group = to
				}
				all[groupKind{group, kind}] = r
			}
		}
	}
	return all
}

func byName(kinds map[groupKind]Resource) (names map[groupName]Resource, groups map[string]bool) {
	names, groups = map[groupName]Resource{}, map[string]bool{}
	for kind, r := range kinds {
		names[groupName{kind.group, r.Name}], groups[kind.group] = r, true
	}
	return names, groups
}

// plural returns what a kind is served as, by the rule that nearly all follow.
func plural(kind string) string {
	name := strings.ToLower(kind)
	last := name[max(0, len(name)-1):]
	switch {
	case name == "endpoints":
		return name
	case last == "s" || last == "x" || strings.HasSuffix(name, "ch") || strings.HasSuffix(name, "sh"):
		return name + "es"
	case last == "y" && !strings.ContainsAny(name[max(0, len(name)-2):len(name)-1], "aeiou"):
		return name[:len(name)-1] + "ies"
	}
	return name + "s"
}
