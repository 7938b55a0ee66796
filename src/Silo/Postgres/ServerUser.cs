using System.Globalization;
using GrainVault.Silo.Startup;

namespace GrainVault.Silo.Postgres;

/// <summary>
/// The user that the server runs as. PostgreSQL refuses to run as root, so root lends it the user <c>postgres</c> or
/// <c>nobody</c>; everybody else runs it as themselves.
/// </summary>
internal sealed record ServerUser(string Name, uint UserId, uint GroupId, bool IsOther)
{
    private static readonly string[] DefaultNames = ["postgres", "nobody"];

    public static ServerUser Choose(string? configuredName)
    {
        if (!PosixCalls.IsRoot)
            return new ServerUser(Environment.UserName, PosixCalls.UserId, 0, IsOther: false);

        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length >= 4).ToList();
        foreach (var name in configuredName is null ? DefaultNames : [configuredName])
        {
            var fields = users.Find(candidate => candidate[0] == name);
            if (fields is not null && uint.Parse(fields[2], CultureInfo.InvariantCulture) != 0)
                return new ServerUser(name, uint.Parse(fields[2], CultureInfo.InvariantCulture), uint.Parse(fields[3], CultureInfo.InvariantCulture), IsOther: true);
        }

        throw new StartRefusedException(configuredName is null
            ? "PostgreSQL can't run as root and this machine has neither a user 'postgres' nor 'nobody'; start GrainVault as an ordinary user or set GrainVault:Postgres:User."
            : $"GrainVault:Postgres:User is '{configuredName}'; allowed: the name of a user in /etc/passwd other than root.");
    }
}
