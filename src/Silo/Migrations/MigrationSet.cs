using System.Reflection;

namespace GrainVault.Silo.Migrations;

/// <summary>All migrations of one schema in their order.</summary>
public sealed class MigrationSet
{
    /// <summary>Creates a set; the numbers must run from 1 without gaps.</summary>
    /// <exception cref="InvalidDataException">A number is missing or there twice.</exception>
    public MigrationSet(string schema, IEnumerable<Migration> migrations)
    {
        Schema = schema;
        Migrations = [.. migrations.OrderBy(migration => migration.Number)];
        for (var index = 0; index < Migrations.Count; index++)
        {
            if (Migrations[index].Number != index + 1)
                throw new InvalidDataException($"sql/{schema}: number {index + 1:0000} is missing or there twice (found {Migrations[index].Name}).");
        }
    }

    /// <summary>The schema.</summary>
    public string Schema { get; }

    /// <summary>Ascending by number.</summary>
    public IReadOnlyList<Migration> Migrations { get; }

    /// <summary>The newest schema version that this binary knows; 0 without migrations.</summary>
    public int NewestNumber => Migrations.Count;

    /// <summary>The files of <c>sql/</c> that were built into this program.</summary>
    public static MigrationSet FromResources(string schema)
    {
        const string Root = "sql/";
        var assembly = typeof(MigrationSet).Assembly;
        var prefix = $"{Root}{schema}/";
        return new MigrationSet(schema, assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => Migration.Parse(schema, name[prefix.Length..], ReadResource(assembly, name))));
    }

    private static string ReadResource(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
