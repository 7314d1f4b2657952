package kubetest

import rbacv1 "k8s.io/api/rbac/v1"

// write is what deploying and removing an object takes, watching it included.
var write = []string{"get", "list", "watch", "create", "update", "patch", "delete"}

// DeployerRules are what deploying a usual review app takes in its namespace,
// apart from Secrets, where releases are recorded, and Leases, which are the
// lock: tests grant those separately, to see what happens without them.
func (c *Cluster) DeployerRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps", "services", "serviceaccounts"}, Verbs: write},
		{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims", "pods"}, Verbs: write},
		{APIGroups: []string{"apps"}, Resources: []string{"deployments", "statefulsets", "daemonsets"}, Verbs: write},
		{APIGroups: []string{"batch"}, Resources: []string{"jobs", "cronjobs"}, Verbs: write},
		{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"ingresses", "networkpolicies"}, Verbs: write},
		{APIGroups: []string{"autoscaling"}, Resources: []string{"horizontalpodautoscalers"}, Verbs: write},
		{APIGroups: []string{"policy"}, Resources: []string{"poddisruptionbudgets"}, Verbs: write},
		{APIGroups: []string{"apps"}, Resources: []string{"replicasets", "controllerrevisions"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{""}, Resources: []string{"events", "endpoints", "pods/log"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"get", "list", "watch"}},
	}
}

// SecretRules allow these verbs on Secrets; without any, all that deploying takes.
func (c *Cluster) SecretRules(verbs ...string) []rbacv1.PolicyRule {
	if len(verbs) == 0 {
		verbs = write
	}
	return []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: verbs}}
}

// LeaseRules allow what holding a lock takes.
func (c *Cluster) LeaseRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: write}}
}

// WriteRule allows to deploy and remove objects of one kind.
func (c *Cluster) WriteRule(group, resource string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: write}
}
