"""Print a token with which an IAM user logs in to a database of Amazon RDS.

`koonj.postgres.password` runs it (``python -P -m koonj.postgres.rds_token HOST PORT USER REGION PROFILE``).
Only this process imports botocore, which makes and signs the token as ``aws rds generate-db-auth-token``
does.
"""

from __future__ import annotations

import sys

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from koonj.postgres.password import SAID


def main(words: list[str]) -> int:
    """Print the token, or why there is none. An empty region or profile is that of the AWS configuration."""
    host, port, user, region, profile = words
    try:
        session = Session(profile=profile or None)
        region = region or session.get_config_variable("region") or ""
        if not region:
            sys.stderr.write('the host name has no region. Write aws_rds = { region = "…" }\n')
            return SAID
        client = session.create_client("rds", region_name=region)
        token = client.generate_db_auth_token(host, int(port), user)
    except (BotoCoreError, ClientError, EOFError) as error:  # EOFError: it wanted to ask for a code of MFA
        first = str(error).partition("\n")[0] or "AWS asks for a code, and nobody is asked for one here"
        sys.stderr.write(f"botocore says: {first}\n")
        return SAID
    print(token)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
