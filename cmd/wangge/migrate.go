package main

// migrateCommand brings a schema up to date; up does it by itself.
type migrateCommand struct {
	databaseFlags
}

// Run applies what is missing and says so; twice does nothing.
func (c *migrateCommand) Run(p *program) error {
	show := p.progress()
	db, err := c.open(p, show.say)
	if err != nil {
		return err
	}
	defer db.close()
	if err := migrate(p.ctx, db.DSN, show); err != nil {
		return err
	}
	show.say("the schema is up to date")
	return nil
}
