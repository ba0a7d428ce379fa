package route

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// actions are GitHub's events and their actions ("Webhook events and payloads"). An event without actions has none;
// "*" stands for actions of the sender's own making.
var actions = map[string]string{
	"branch_protection_configuration": "disabled enabled",
	"branch_protection_rule":          "created deleted edited",
	"check_run":                       "completed created requested_action rerequested",
	"check_suite":                     "completed requested rerequested",
	"code_scanning_alert":             "appeared_in_branch closed_by_user created fixed reopened reopened_by_user updated_assignment",
	"commit_comment":                  "created",
	"create":                          "",
	"custom_property":                 "created deleted promote_to_enterprise updated",
	"custom_property_values":          "updated",
	"delete":                          "",
	"dependabot_alert":                "assignees_changed auto_dismissed auto_reopened created dismissed fixed reintroduced reopened",
	"deploy_key":                      "created deleted",
	"deployment":                      "created",
	"deployment_protection_rule":      "requested",
	"deployment_review":               "approved rejected requested",
	"deployment_status":               "created",
	"discussion":                      "answered category_changed closed created deleted edited labeled locked pinned reopened transferred unanswered unlabeled unlocked unpinned",
	"discussion_comment":              "created deleted edited",
	"fork":                            "",
	"github_app_authorization":        "revoked",
	"gollum":                          "",
	"installation":                    "created deleted new_permissions_accepted suspend unsuspend",
	"installation_repositories":       "added removed",
	"installation_target":             "renamed",
	"issue_comment":                   "created deleted edited pinned unpinned",
	"issue_dependencies":              "blocked_by_added blocked_by_removed blocking_added blocking_removed",
	"issues":                          "assigned closed deleted demilestoned edited field_added field_removed labeled locked milestoned opened pinned reopened transferred typed unassigned unlabeled unlocked unpinned untyped",
	"label":                           "created deleted edited",
	"marketplace_purchase":            "cancelled changed pending_change pending_change_cancelled purchased", //nolint:misspell // GitHub spells it so
	"member":                          "added edited removed",
	"membership":                      "added removed",
	"merge_group":                     "checks_requested destroyed",
	"meta":                            "deleted",
	"milestone":                       "closed created deleted edited opened",
	"org_block":                       "blocked unblocked",
	"organization":                    "deleted member_added member_invited member_removed renamed",
	"package":                         "published updated",
	"page_build":                      "",
	"personal_access_token_request":   "approved cancelled created denied", //nolint:misspell // GitHub spells it so
	"project":                         "closed created deleted edited reopened",
	"project_card":                    "converted created deleted edited moved",
	"project_column":                  "created deleted edited moved",
	"projects_v2":                     "closed created deleted edited reopened",
	"projects_v2_item":                "archived converted created deleted edited reordered restored",
	"projects_v2_status_update":       "created deleted edited",
	"public":                          "",
	"pull_request":                    "assigned auto_merge_disabled auto_merge_enabled closed converted_to_draft demilestoned dequeued edited enqueued labeled locked milestoned opened ready_for_review reopened review_request_removed review_requested synchronize unassigned unlabeled unlocked",
	"pull_request_review":             "dismissed edited submitted",
	"pull_request_review_comment":     "created deleted edited",
	"pull_request_review_thread":      "resolved unresolved",
	"push":                            "",
	"registry_package":                "published updated",
	"release":                         "created deleted edited prereleased published released unpublished",
	"repository":                      "archived created deleted edited privatized publicized renamed transferred unarchived",
	"repository_advisory":             "published reported",
	"repository_dispatch":             "*",
	"repository_import":               "",
	"repository_ruleset":              "created deleted edited",
	"repository_vulnerability_alert":  "create dismiss reopen resolve",
	"secret_scanning_alert":           "assigned created publicly_leaked reopened resolved unassigned validated",
	"secret_scanning_alert_location":  "created",
	"secret_scanning_scan":            "completed",
	"security_advisory":               "published updated withdrawn",
	"security_and_analysis":           "",
	"sponsorship":                     "cancelled created edited pending_cancellation pending_tier_change tier_changed", //nolint:misspell // GitHub spells it so
	"star":                            "created deleted",
	"status":                          "",
	"sub_issues":                      "parent_issue_added parent_issue_removed sub_issue_added sub_issue_removed",
	"team":                            "added_to_repository created deleted edited removed_from_repository",
	"team_add":                        "",
	"watch":                           "started",
	"workflow_dispatch":               "",
	"workflow_job":                    "completed in_progress queued waiting",
	"workflow_run":                    "completed in_progress requested",
}

// Events are the names of all events that can be enabled, in order.
func Events() []string { return slices.Sorted(maps.Keys(actions)) }

// Actions are those that GitHub has for an event, in order; none for an event without.
func Actions(event string) []string { return strings.Fields(actions[event]) }

var anyAction = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// checkEvent tells whether text is an event, or an event and one of its actions.
func checkEvent(text string) error {
	name, action, narrowed := strings.Cut(text, ".")
	list, known := actions[name]
	if !known {
		return fmt.Errorf("unknown event %q%s", text, didYouMean(name, Events()))
	}
	own := strings.Fields(list)
	switch {
	case !narrowed || slices.Contains(own, action):
		return nil
	case list == "*" && anyAction.MatchString(action):
		return nil
	case len(own) == 0:
		return fmt.Errorf("event %s has no actions; write %q", name, name)
	}
	return fmt.Errorf("event %s has no action %q%s; %q alone is all of them", name, action, didYouMean(action, own), name)
}

// enabled tells whether the list has the event, as a whole or with this action.
func enabled(events []string, name, action string) bool {
	return slices.Contains(events, name) || (action != "" && slices.Contains(events, name+"."+action))
}
