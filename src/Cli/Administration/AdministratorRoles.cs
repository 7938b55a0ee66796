using GrainVault.Accounts;
using Npgsql;

namespace GrainVault.Cli.Administration;

/// <summary>Changes the roles of accounts. Front ends ask for them with every call of <c>/v1/admin</c>; other pages go by the access token.</summary>
public static class AdministratorRoles
{
    /// <summary>What clocks may differ by: ended logins are remembered longer by it, as by the system itself.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>Makes an account an administrator; returns its id, or null when there is none. Once more changes nothing.</summary>
    public static async Task<string?> GrantAsync(NpgsqlDataSource identity, string email, CancellationToken cancellationToken)
    {
        await using var command = identity.CreateCommand(
            """
            UPDATE accounts SET roles = CASE WHEN $2 = ANY (string_to_array(roles, ' ')) THEN roles ELSE btrim(roles || ' ' || $2) END
            WHERE email_key = $1 RETURNING id
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = AccountKeys.EmailKey(email) });
        command.Parameters.Add(new NpgsqlParameter { Value = Roles.Administrator });
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Takes the right away. The logins end with it, since access tokens carry the role for as long as they live.</summary>
    public static async Task<string?> RevokeAsync(NpgsqlDataSource identity, string email, TimeSpan accessTokenLifetime, CancellationToken cancellationToken)
    {
        await using var command = identity.CreateCommand(
            """
            WITH before AS (
                SELECT id, roles FROM accounts WHERE email_key = $1 FOR UPDATE
            ), changed AS (
                UPDATE accounts a SET roles = array_to_string(array_remove(string_to_array(b.roles, ' '), $2), ' ') FROM before b WHERE a.id = b.id
                RETURNING a.id, b.roles AS former
            )
            SELECT id, CASE WHEN $2 = ANY (string_to_array(former, ' ')) THEN end_logins(id, 0, $3) END FROM changed
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = AccountKeys.EmailKey(email) });
        command.Parameters.Add(new NpgsqlParameter { Value = Roles.Administrator });
        command.Parameters.Add(new NpgsqlParameter { Value = accessTokenLifetime + ClockSkew });
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Ids and addresses of the administrators.</summary>
    public static async Task<List<(string UserId, string Email)>> ListAsync(NpgsqlDataSource identity, CancellationToken cancellationToken)
    {
        await using var command = identity.CreateCommand(
            "SELECT id, email FROM accounts WHERE $1 = ANY (string_to_array(roles, ' ')) ORDER BY email_key");
        command.Parameters.Add(new NpgsqlParameter { Value = Roles.Administrator });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<(string, string)>();
        while (await reader.ReadAsync(cancellationToken))
            found.Add((reader.GetString(0), reader.GetString(1)));
        return found;
    }

    /// <summary>Writes the change into the audit of the account, which may be in another database and so comes after it.</summary>
    public static async Task NoteAsync(NpgsqlDataSource catalogue, string userId, string action, CancellationToken cancellationToken)
    {
        await using var command = catalogue.CreateCommand("SELECT audit_note_later($1, $2, $3, NULL, NULL)");
        command.Parameters.Add(new NpgsqlParameter { Value = """{"by":"operator"}""" });
        command.Parameters.Add(new NpgsqlParameter { Value = userId });
        command.Parameters.Add(new NpgsqlParameter { Value = action });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
