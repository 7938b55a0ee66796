using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace GrainVault.Silo.Migrations;

/// <summary>One file of <c>sql/&lt;schema&gt;/NNNN_name.sql</c>.</summary>
/// <param name="Schema">The schema it changes: <c>catalogue</c>, <c>identity</c> or <c>orleans</c>.</param>
/// <param name="Number">Its place in the order, from 1 without gaps.</param>
/// <param name="Name">File name without folder.</param>
/// <param name="Sql">The statements, run in one transaction with the schema as search path.</param>
/// <param name="MinVersion">
/// Smallest newest-migration number that a binary must know to work with the schema from here on; 0 when every older
/// binary still works. A file that takes something away ("contract") declares it: <c>-- min_version: 7</c>.
/// </param>
public sealed partial record Migration(string Schema, int Number, string Name, string Sql, int MinVersion)
{
    /// <summary>SHA-256 of the text with LF line ends, lower-case hex.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">The name is not of the form <c>NNNN_name.sql</c>.</exception>
    public static Migration Parse(string schema, string name, string sql)
    {
        var match = NamePattern().Match(name);
        if (!match.Success)
            throw new InvalidDataException($"sql/{schema}/{name}: the name must be of the form 0001_name.sql.");
        var header = MinVersionPattern().Match(sql);
        var minVersion = header.Success ? int.Parse(header.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;
        return new Migration(schema, int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), name, sql, minVersion);
    }

    [GeneratedRegex(@"^(\d{4})_[a-z0-9_]+\.sql$")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^--\s*min_version:\s*(\d{1,4})\s*$", RegexOptions.Multiline)]
    private static partial Regex MinVersionPattern();
}
