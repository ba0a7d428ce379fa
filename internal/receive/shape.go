package receive

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// shape is what tells the bodies of one event from those of the others. The event's name is not signed, so that a
// captured body could be sent again under another one.
type shape struct {
	needs string // members and their kinds: { object, [ array, " string, n null
	may   string // members of the list telling that the body may have as well
}

// shapes follow GitHub's "Webhook events and payloads". An event that is not in the table may be any object.
var shapes = map[string]shape{
	"branch_protection_configuration": {needs: `action="`},
	"branch_protection_rule":          {needs: `rule={`},
	"check_run":                       {needs: `check_run={`, may: `deployment`},
	"check_suite":                     {needs: `check_suite={`},
	"code_scanning_alert":             {needs: `alert={`},
	"commit_comment":                  {needs: `comment={`},
	"create":                          {needs: `ref=" ref_type="`},
	"custom_property":                 {needs: `definition={`},
	"custom_property_values":          {needs: `new_property_values=[`},
	"delete":                          {needs: `ref=" ref_type="`},
	"dependabot_alert":                {needs: `alert={`},
	"deploy_key":                      {needs: `key={`},
	"deployment":                      {needs: `deployment={`, may: `workflow_run check_run`},
	"deployment_protection_rule":      {needs: `action="`, may: `deployment`},
	"deployment_review":               {needs: `workflow_run={n`, may: `comment deployment`},
	"deployment_status":               {needs: `deployment_status={ deployment={`, may: `check_run workflow_run`},
	"discussion":                      {needs: `discussion={`, may: `label`},
	"discussion_comment":              {needs: `comment={ discussion={`},
	"fork":                            {needs: `forkee={`},
	"github_app_authorization":        {needs: `action="`},
	"gollum":                          {needs: `pages=[`},
	"installation":                    {needs: `action=" installation={`},
	"installation_repositories":       {needs: `installation={ repositories_added=[`},
	"installation_target":             {needs: `account={ target_type="`},
	"issue_comment":                   {needs: `comment={ issue={`},
	"issue_dependencies":              {needs: `action="`},
	"issues":                          {needs: `issue={`, may: `label milestone`},
	"label":                           {needs: `label={`},
	"marketplace_purchase":            {needs: `marketplace_purchase={`},
	"member":                          {needs: `member={n`},
	"membership":                      {needs: `member={n team={`},
	"merge_group":                     {needs: `merge_group={`},
	"meta":                            {needs: `hook={`},
	"milestone":                       {needs: `milestone={`},
	"org_block":                       {needs: `blocked_user={n`},
	"organization":                    {needs: `action=" organization={`},
	"package":                         {needs: `package={`},
	"page_build":                      {needs: `build={`},
	"personal_access_token_request":   {needs: `personal_access_token_request={`},
	"ping":                            {needs: `zen="`},
	"project":                         {needs: `project={`},
	"project_card":                    {needs: `project_card={`},
	"project_column":                  {needs: `project_column={`},
	"projects_v2":                     {needs: `projects_v2={`},
	"projects_v2_item":                {needs: `projects_v2_item={`},
	"projects_v2_status_update":       {needs: `projects_v2_status_update={`},
	"public":                          {needs: `repository={`},
	"pull_request":                    {needs: `pull_request={`, may: `label milestone`},
	"pull_request_review":             {needs: `pull_request={ review={`},
	"pull_request_review_comment":     {needs: `comment={ pull_request={`},
	"pull_request_review_thread":      {needs: `pull_request={ thread={`},
	"push":                            {needs: `ref=" before=" after=" commits=[`},
	"registry_package":                {needs: `registry_package={`},
	"release":                         {needs: `release={`},
	"repository":                      {needs: `action=" repository={`},
	"repository_advisory":             {needs: `repository_advisory={`},
	"repository_dispatch":             {needs: `action=" client_payload={n`},
	"repository_import":               {needs: `status="`},
	"repository_ruleset":              {needs: `repository_ruleset={`},
	"repository_vulnerability_alert":  {needs: `alert={`},
	"secret_scanning_alert":           {needs: `alert={`},
	"secret_scanning_alert_location":  {needs: `alert={ location={`},
	"secret_scanning_scan":            {needs: `action="`},
	"security_advisory":               {needs: `security_advisory={`},
	"security_and_analysis":           {needs: `changes={`},
	"sponsorship":                     {needs: `sponsorship={`},
	"star":                            {needs: `action=" starred_at="n`},
	"status":                          {needs: `sha=" state=" context="`},
	"sub_issues":                      {needs: `action="`},
	"team":                            {needs: `team={`},
	"team_add":                        {needs: `team={`},
	"watch":                           {needs: `action=" repository={`},
	"workflow_dispatch":               {needs: `ref=" workflow="`},
	"workflow_job":                    {needs: `workflow_job={`, may: `deployment`},
	"workflow_run":                    {needs: `workflow_run={`},
}

// telling are the members that give an event away: a body that has one belongs to an event that names it.
var telling = []string{
	"alert", "check_run", "check_suite", "comment", "commits", "deployment", "deployment_status", "discussion",
	"forkee", "issue", "label", "merge_group", "milestone", "package", "pages", "pull_request", "registry_package",
	"release", "review", "starred_at", "thread", "workflow_job", "workflow_run", "zen",
}

// fits tells whether a body with these members can be one of the named event.
func fits(event string, members map[string]jsontext.Kind) error {
	s, known := shapes[event]
	if !known {
		return nil
	}
	allowed := strings.Fields(s.may)
	for need := range strings.FieldsSeq(s.needs) {
		name, kinds, _ := strings.Cut(need, "=")
		kind, present := members[name]
		if !present || !strings.ContainsRune(kinds, rune(kind)) {
			return fmt.Errorf("the body of %s lacks %s", event, name)
		}
		allowed = append(allowed, name)
	}
	for _, name := range telling {
		if kind, present := members[name]; present && kind != 'n' && !slices.Contains(allowed, name) {
			return fmt.Errorf("the body of %s has %s", event, name)
		}
	}
	return nil
}

// Events are the names of the events whose bodies have a known shape, in order.
func Events() []string { return slices.Sorted(maps.Keys(shapes)) }
