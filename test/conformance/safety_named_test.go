//go:build conformance

package conformance

import "strings"

const (
	// store is a workload that names all that it runs with.
	store = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: store}
spec:
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      serviceAccountName: store-account
      containers:
      - name: app
        image: "registry.example.com/app:1"
        envFrom: [{secretRef: {name: store-login}}, {configMapRef: {name: store-settings}}]
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: store-data}}]
`
	// storeClaim is its claim, made by the chart: without it, as with existingClaim, the chart only names it.
	storeClaim = `
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: store-data}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`
	// storeRest is what else it runs with, and a ConfigMap that nothing names.
	storeRest = `
---
{apiVersion: v1, kind: Secret, metadata: {name: store-login}, stringData: {password: hunter2-of-the-store}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: store-settings}, data: {mode: fast}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: store-account}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: store-idle}, data: {mode: slow}}
`
)

var (
	storesData = object{"v1", "persistentvolumeclaims", "store-data"}
	storesRest = []object{{"v1", "secrets", "store-login"}, {"v1", "configmaps", "store-settings"}, {"v1", "serviceaccounts", "store-account"}}
	storesIdle = object{"v1", "configmaps", "store-idle"}
)

// namedObjects are the rows about what a chart has no more, and names all the same.
var namedObjects = []row{
	{ID: "S290", Setup: "a revision that failed had a claim, a Secret, a ConfigMap and a ServiceAccount, which the chart has no more and names, " +
		"as with existingClaim and existingSecret",
		Action: "deploy, twice; teardown", End: "each of them, with its data, until the teardown; then the claim, which is named",
		Exit: "0, 23, 0 + warning, 0, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain, ignore := s.chart, []string{"--wait-ignore", "*/*store*"}
			s.berth("deploy").exit(0)
			s.chartWith("templates/store.yaml", store+storeClaim+storeRest)
			s.berth("deploy", append(ignore, "--set", missingImage)...).exit(23)
			data, before := s.uidsOf(storesData), s.uidsOf(storesRest...)
			s.chart = plain
			s.chartWith("templates/store.yaml", store)
			s.berth("deploy", ignore...).exit(0).warned("Left in place").warned("Release repaired").
				says("PersistentVolumeClaim/store-data was kept: Deployment/store", "Secret/store-login was kept: Deployment/store")
			s.berth("deploy", ignore...).exit(0)
			s.staysWhole(data, storesData)
			s.staysWhole(before, storesRest...)
			s.absent(storesIdle)
			s.berth("teardown").exit(0).says("PersistentVolumeClaim/store-data", "delete-claims deletes it")
			s.staysWhole(data, storesData)
			s.absent(storesRest...)
		}},
	{ID: "S290b", Setup: "such a claim of a revision that was deployed",
		Action: "deploy without it; deploy that fails, with on-failure rollback; teardown with delete-claims",
		End:    "the claim, with its data, until delete-claims", Exit: "0, 0 + warning, 23, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain, ignore := s.chart, []string{"--wait-ignore", "*/*store*"}
			account := strings.Replace(store, "serviceAccountName: store-account", "", 1)
			s.chartWith("templates/store.yaml", account+storeClaim)
			s.berth("deploy", ignore...).exit(0)
			data := s.uidsOf(storesData)
			s.chart = plain
			s.chartWith("templates/store.yaml", account)
			s.berth("deploy", ignore...).exit(0).warned("Left in place").
				says("PersistentVolumeClaim/store-data was kept: Deployment/store of the release names it")
			s.staysWhole(data, storesData)
			s.berth("deploy", append(ignore, "--set", missingImage, "--on-failure", "rollback")...).exit(23)
			s.staysWhole(data, storesData)
			s.berth("teardown", "--delete-claims").exit(0)
			s.absent(storesData)
		}},
}

// staysWhole fails the row where an object is another one than before, or is on its way out.
func (s *fixture) staysWhole(before map[string]string, objects ...object) {
	s.t.Helper()
	s.sameUIDs(before, objects...)
	for _, o := range objects {
		if live := s.read(o); live.GetDeletionTimestamp() != nil {
			s.t.Errorf("%s/%s is being deleted since %s", o.resource, o.name, live.GetDeletionTimestamp())
		}
	}
}
