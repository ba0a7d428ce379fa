package github

// ForgetInstallations drops what is known of the App's installations: which covers which repository, and their tokens. All
// of it is asked for again when it is needed. It does nothing without an App.
func (c *Client) ForgetInstallations() {
	if c.app != nil {
		c.app.forgetAll()
	}
}
