package simulate

import (
	"time"

	"hls/internal/hls"
)

const day = 24 * time.Hour

// seed makes the repository as it was before the first delivery.
func (s *Scenario) seed() {
	g := s.Hub
	g.AddAccount(hls.Account{Login: "acme", Type: "Organization"})
	g.AddAccount(hls.Account{Login: "dependabot[bot]", Type: "Bot"})
	g.AddRepository(RepositorySeed{
		FullName: s.Repo, ID: 640_211_077, Description: "The shop that sells widgets (simulated)",
		Labels: shopLabels, Collaborators: map[string]string{"mona": "maintain", "paul": "write"},
	})
	for _, old := range shopHistory {
		g.AddIssue(s.Repo, old)
	}
	s.seedHistory()
}

var shopLabels = []hls.Label{
	{Name: "bug", Description: "Something behaves otherwise than documented", Color: "d73a4a"},
	{Name: "enhancement", Description: "A wish for something new", Color: "a2eeef"},
	{Name: "documentation", Description: "The texts are wrong or missing", Color: "0075ca"},
	{Name: "question", Description: "The author wants to know something", Color: "d876e3"},
	{Name: "security", Description: "May describe a vulnerability", Color: "b60205"},
	{Name: "priority-high", Description: "Data is lost or the main function fails", Color: "b60205"},
	{Name: "priority-medium", Description: "Ordinary work", Color: "fbca04"},
	{Name: "priority-low", Description: "Cosmetic, rare or not urgent", Color: "0e8a16"},
	{Name: "area-checkout", Description: "Cart, payment and orders", Color: "c5def5"},
	{Name: "area-search", Description: "Finding widgets", Color: "c5def5"},
	{Name: "size-S", Description: "Up to 29 changed lines", Color: "ededed"},
	{Name: "size-XS", Description: "Up to 9 changed lines", Color: "ededed"},
	{Name: "size-M", Description: "Up to 99 changed lines", Color: "ededed"},
	{Name: "status/needs-review", Description: "Nobody has reviewed it", Color: "fbca04"},
	{Name: "status/needs-changes", Description: "A reviewer asks for changes", Color: "d93f0b"},
	{Name: "status/approved", Description: "Reviewed, and good", Color: "0e8a16"},
	{Name: "wontfix", Description: "Will not be worked on", Color: "ffffff"},
}

var shopHistory = []IssueSeed{
	{
		Number: 187, Title: "Checkout crashes when the cart is empty", Author: "olaf", Age: 40 * day, Closed: true,
		Labels: []string{"bug", "priority-high", "area-checkout"},
		Body:   "Pressing Pay with nothing in the cart ends in a panic in `cart.Total`. Version 2.3.0.",
	},
	{
		Number: 195, Title: "Dark mode for the shop", Author: "ines", Age: 21 * day, Labels: []string{"enhancement"},
		Body: "It would be nice to have a dark theme.",
	},
	{
		Number: 203, Title: "Search page is slow with many filters", Author: "olaf", Age: 9 * day,
		Labels: []string{"area-search"}, Body: "With ten filters the search page takes four seconds. Version 2.4.0.",
	},
}
