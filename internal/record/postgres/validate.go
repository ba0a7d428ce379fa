package postgres

// Validate says what is wrong with an address, without connecting to it.
func Validate(address string) error {
	_, err := parse(address)
	return err
}
