# Rules are tested offline, which needs none of the services that targets are found by.
tags=remove_all_sd
