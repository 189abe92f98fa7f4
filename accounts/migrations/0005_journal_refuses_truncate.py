"""TRUNCATE fires no row trigger: a statement trigger refuses it (DAT-1).

Written by hand and not with pgtrigger: its triggers let pass whoever sets `pgtrigger.ignore` in the session, which the
purge needs for old rows. Nothing in the product ever empties the journal, so this one has no way round but to be
disabled by the owner of the table, whom the running application should not be (docs/exploitation.md).
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION accounts_journal_refuses_truncate() RETURNS TRIGGER AS $$
BEGIN
    RAISE EXCEPTION 'The security journal is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER journal_refuses_truncate BEFORE TRUNCATE ON accounts_securityevent
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_journal_refuses_truncate();
"""
DROP = """
DROP TRIGGER journal_refuses_truncate ON accounts_securityevent;
DROP FUNCTION accounts_journal_refuses_truncate();
"""


class Migration(migrations.Migration):
    dependencies = (("accounts", "0004_sign_up_destination"),)

    operations = (migrations.RunSQL(CREATE, DROP),)
