package cloud

import "slices"

// Records are those of a zone, whatever faults there are.
func (c *Cloud) Records(zone string) []Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, z := range c.data.Zones {
		if z.ID == zone {
			return slices.Clone(z.Records)
		}
	}
	return nil
}

// EditRecords lets a person change a zone's records in the console.
func (c *Cloud) EditRecords(zone string, edit func([]Record) []Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.data.Zones {
		if z := &c.data.Zones[i]; z.ID == zone {
			z.Records = edit(slices.Clone(z.Records))
		}
	}
}

// KeepIDs lets records keep their ids when they are updated: it isn't documented what they do.
func (c *Cloud) KeepIDs() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keepIDs = true
}

// Data is all that the cloud holds now.
func (c *Cloud) Data() Data {
	c.mu.Lock()
	defer c.mu.Unlock()
	data := c.data
	data.Zones, data.Instances = slices.Clone(data.Zones), slices.Clone(data.Instances)
	return data
}
