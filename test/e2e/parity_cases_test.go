//go:build cluster

package e2e

// parityChart shows its values as they are.
var parityChart = map[string]string{
	"Chart.yaml":  "apiVersion: v2\nname: parity\nversion: 1.2.3\nappVersion: 4.5.6\n",
	"values.yaml": "a: chart\nlist: [one, two]\nmap: {keep: 1, drop: 2}\n",
	"templates/values.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-values\ndata:\n" +
		"  json: {{ .Values | toJson | quote }}\n  yaml: |\n{{ .Values | toYaml | indent 4 }}\n",
}

// parityValues are the files that the flags name, below @/.
var parityValues = map[string]string{
	"one.yaml":    "a: one\nmap: {drop: null, more: [1, 2]}\n",
	"two.yaml":    "a: two\nlist: [three]\nmap: {keep: {deep: true}}\n",
	"empty.yaml":  "",
	"marked.yaml": "---\na: marked\n",
	"types.yaml": "int: 1000000\nbig: 12345678901234567890\nfloat: 1.10\n" +
		"exp: 1e3\noctal: 0755\nyes: yes\non: on\ndate: 2026-01-02\nnil: ~\nhex: 0xff\n",
	"anchors.yaml": "base: &b {x: 1}\nderived: {<<: *b, y: 2}\ncopy: *b\n",
	"text.yaml":    "block: |\n  a\n   b\n\nfolded: >-\n  c\n  d\nquoted: \"e\\tf\"\nsingle: 'it''s'\nuni: ünïcode ✓\n",
	"file.txt":     "first\nsecond, with = and [x]\n",
	"sub.yaml":     "global: {g: 1}\ncache: {size: 2, nested: {x: y}}\n",
}

var parities = append(parityFlags(), parityCharts...)

func parityFlags() (all []parity) {
	for _, flags := range [][]string{
		{},
		{"--set", "a=b"}, {"--set", "x.y.z=1,x.y.w=true"}, {"--set", "list={a,b,c}"}, {"--set", "list[3].x=1"}, {"--set", "list[0]=zero"},
		{"--set", `a=b\,c`}, {"--set", `sel.kubernetes\.io/os=linux`}, {"--set", "map.drop=null"}, {"--set", "a="}, {"--set", "a=x "},
		{"--set", "a=one\ntwo\n"}, {"--set", "a=b=c"}, {"--set", "n=0123,f=1.5,e=1e3,neg=-1,big=99999999999"}, {"--set", "a=ü ✓,b=\"q\""},
		{"--set", "a=1", "--set", "a=2"}, {"--set", "map={}"}, {"--set", "list={}"}, {"--set", "map.keep.deep=1"},
		{"--set-string", "n=1,t=true,z=null,l={1,2}"}, {"--set-string", "a=one\n two "}, {"--set-json", `a={"b":[1,{"c":null}]},d="e"`},
		{"--set-json", "list=[1,\n \"two\"]"}, {"--set-json", "a=null"}, {"--set-file", "a=@/file.txt"}, {"--set-file", "x.y=@/file.txt"},
		{"-f", "@/one.yaml"}, {"-f", "@/one.yaml", "-f", "@/two.yaml"}, {"-f", "@/two.yaml,@/one.yaml"},
		{"-f", "@/empty.yaml"}, {"-f", "@/marked.yaml"},
		{"-f", "@/types.yaml"}, {"-f", "@/anchors.yaml"}, {"-f", "@/text.yaml"},
		{"-f", "@/one.yaml", "--set-file", "a=@/file.txt", "--set-string", "a=3", "--set", "a=2", "--set-json", "a=1"},
		{"-f", "@/two.yaml", "--set", "map.keep=1", "--set", "list[1]=x"},
	} {
		all = append(all, parity{flags: flags})
	}
	return all
}

const paritySub = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-{{ .Chart.Name }}\n" +
	"data:\n  json: {{ .Values | toJson | quote }}\n"

func parityHook(name, annotations string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-" + name + "\n  annotations: {" + annotations + "}\n"
}

var parityCharts = []parity{
	{flags: []string{"-f", "@/sub.yaml"}, files: map[string]string{
		"Chart.yaml":              "apiVersion: v2\nname: parity\nversion: 1.0.0\ndependencies:\n- {name: cache, version: 1.0.0}\n",
		"charts/cache/Chart.yaml": "apiVersion: v2\nname: cache\nversion: 1.0.0\n", "charts/cache/values.yaml": "size: 1\nown: true\n",
		"charts/cache/templates/a.yaml": paritySub}},
	{flags: []string{"--set", "cache.enabled=false,tags.back=true"}, files: map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: parity\nversion: 1.0.0\ndependencies:\n- {name: cache, version: 1.0.0, condition: cache.enabled}\n" +
			"- {name: queue, version: 1.0.0, tags: [back], alias: line, import-values: [{child: out, parent: taken}]}\n",
		"charts/cache/Chart.yaml": "apiVersion: v2\nname: cache\nversion: 1.0.0\n", "charts/cache/templates/a.yaml": paritySub,
		"charts/queue/Chart.yaml": "apiVersion: v2\nname: queue\nversion: 1.0.0\n", "charts/queue/values.yaml": "out: {x: 1}\n",
		"charts/queue/templates/a.yaml": paritySub}},
	{files: map[string]string{ // hooks of one weight go by kind and name, and all before by weight
		"templates/h1.yaml": parityHook("z", `helm.sh/hook: "pre-install,post-upgrade", helm.sh/hook-weight: "5"`),
		"templates/h2.yaml": parityHook("b", `helm.sh/hook: pre-install, helm.sh/hook-weight: "-3", helm.sh/hook-delete-policy: hook-succeeded`),
		"templates/h3.yaml": parityHook("a", `helm.sh/hook: pre-install, helm.sh/hook-weight: "-3"`),
		"templates/h4.yaml": parityHook("test", `helm.sh/hook: test`) + "---\n" + parityHook("del", `helm.sh/hook: "pre-delete, post-delete"`)}},
	{files: map[string]string{ // the kinds' own order
		"templates/all.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: '{{ .Release.Name }}'}\nspec: {ports: [{port: 80}]}\n---\n" +
			"# a comment\napiVersion: v1\nkind: Secret\nmetadata: {name: '{{ .Release.Name }}'}\n---\n---\n" +
			"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: '{{ .Release.Name }}'}\n",
		"templates/deep/er/b.yaml": parityHook("deep", ""), "templates/a.yaml": parityHook("a", "")}},
	{files: map[string]string{ // files, partials, tpl, notes, and what is ignored
		".helmignore": "templates/ignored.yaml\n*.bak\n", "templates/ignored.yaml": "no: object",
		"files/x.conf": "x = 1\n", "files/y.bak": "y",
		"templates/_h.tpl": `{{ define "n" }}{{ .Release.Name }}-{{ .Chart.AppVersion | replace "." "-" }}{{ end }}`,
		"templates/f.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ include \"n\" . }}\ndata:\n" +
			"{{ (.Files.Glob \"files/*\").AsConfig | indent 2 }}\n  tpl: {{ tpl \"{{ .Values.a }}\" . }}\n",
		"templates/NOTES.txt": "{{ .Release.Name }} in {{ .Release.Namespace }}, " +
			"{{ .Release.Service }} {{ .Release.IsInstall }} {{ .Release.Revision }}\n"}},
	{files: map[string]string{ // what the cluster has
		"templates/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-c\ndata:\n" +
			"  v: {{ .Capabilities.KubeVersion.Version }}\n  has: {{ .Capabilities.APIVersions.Has \"apps/v1/Deployment\" | quote }}\n" +
			"  no: {{ .Capabilities.APIVersions.Has \"example.com/v1\" | quote }}\n" +
			"  ns: {{ (lookup \"v1\" \"ServiceAccount\" .Release.Namespace \"default\").metadata.name }}\n"}},
	{files: map[string]string{ // a chart of Helm 2's form
		"Chart.yaml": "name: parity\nversion: 1.0.0\n", "requirements.yaml": "dependencies:\n- {name: old, version: 1.0.0, repository: ''}\n",
		"charts/old/Chart.yaml": "apiVersion: v1\nname: old\nversion: 1.0.0\n", "charts/old/templates/a.yaml": paritySub}},
	{files: map[string]string{ // a list, and documents that hold nothing
		"templates/list.yaml": "apiVersion: v1\nkind: List\nitems:\n" +
			"- {apiVersion: v1, kind: ConfigMap, metadata: {name: '{{ .Release.Name }}-l'}}\n",
		"templates/none.yaml": "---\n# nothing\n---\n{{ if false }}x{{ end }}\n"}},
	{flags: []string{"--set", "map.keep=7"}, files: map[string]string{ // values that fit a schema
		"values.schema.json": `{"type":"object","properties":{"map":{"properties":{"keep":{"type":"integer","minimum":2}}}}}`}},
}
