"""The one way to take rows out of the journal: past a year, sealed, and never the newest of them (DAT-1, DAT-3).

It runs with the rights of the owner of the table, so that the running application needs none to delete: what it is
given by portal.common.database_rights is to read, to add, and to put a seal.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION accounts_purge_journal(before timestamptz, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    anchor bigint;
    gone integer;
BEGIN
    IF before IS NULL OR before > now() - interval '365 days' THEN
        RAISE EXCEPTION 'The security journal is kept for a year at least' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT max(id) INTO anchor FROM public.accounts_securityevent WHERE at < before AND seal <> '';
    PERFORM set_config('pgtrigger.ignore', (
        SELECT '{' || tgname || '}' FROM pg_trigger
        WHERE tgrelid = 'public.accounts_securityevent'::regclass AND tgname LIKE 'pgtrigger_journal_keeps_rows%'
    ), true);
    DELETE FROM public.accounts_securityevent WHERE id IN (
        SELECT id FROM public.accounts_securityevent
        WHERE at < before AND seal <> '' AND id < anchor ORDER BY id LIMIT at_most
    );
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('pgtrigger.ignore', '{}', true);
    RETURN gone;
END;
$$;
REVOKE ALL ON FUNCTION accounts_purge_journal(timestamptz, integer) FROM PUBLIC;
"""
DROP = "DROP FUNCTION accounts_purge_journal(timestamptz, integer);"


class Migration(migrations.Migration):
    dependencies = (("accounts", "0014_other_workplaces"),)

    operations = (migrations.RunSQL(CREATE, DROP),)
