using System.Security.Cryptography;
using GrainVault.Silo.Startup;
using Npgsql;

namespace GrainVault.Silo.Postgres;

/// <summary>
/// The file <c>postgres.connection</c> (mode 0600) in the data directory: one connection string with the generated
/// password and the port. The command line tool reads it to reach a running system.
/// </summary>
public static class ConnectionFile
{
    /// <summary>Name of the superuser and of the database of an embedded server.</summary>
    public const string Name = "grainvault";

    private const int PasswordBytes = 24;

    /// <summary>The connection string of the embedded server that keeps its data under <paramref name="dataDirectory"/>; null when there is none yet.</summary>
    public static string? TryRead(string dataDirectory)
    {
        var path = new DataFolder(dataDirectory).Connection;
        return File.Exists(path) ? Read(path).ConnectionString : null;
    }

    internal static NpgsqlConnectionStringBuilder LoadOrCreate(DataFolder folder)
    {
        if (File.Exists(folder.Connection))
            return Read(folder.Connection);
        if (folder.HasCluster)
            throw new StartRefusedException($"'{folder.Connection}' is missing, and with it the password of the PostgreSQL data in '{folder.Postgres}'; restore it from a backup of the data directory.");
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = LoopbackPorts.FindFree(),
            Username = Name,
            Password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(PasswordBytes)),
            Database = Name,
        };
        Save(folder, connection);
        return connection;
    }

    internal static void Save(DataFolder folder, NpgsqlConnectionStringBuilder connection)
    {
        var temporary = folder.Connection + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var stream = new FileStream(temporary, options))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(connection.ConnectionString + "\n"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, folder.Connection, overwrite: true);
    }

    private static NpgsqlConnectionStringBuilder Read(string path)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(File.ReadAllText(path).Trim());
        }
        catch (Exception exception) when (exception is ArgumentException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"'{path}' can't be read as a connection string; restore it from a backup of the data directory.", exception);
        }
    }
}
