using System.Globalization;
using GrainVault.Silo.Postgres;
using GrainVault.TestKit;

namespace GrainVault.Silo.Tests.Postgres;

public sealed class DataFolderTests : IDisposable
{
    private const int Restarts = 500;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Process_file_is_whole_whenever_it_is_read()
    {
        using var folder = new DataFolder(_folder["data"]);
        await folder.OpenAsync(CancellationToken.None);
        await folder.WritePidAsync(1, CancellationToken.None);

        var writing = Task.Run(async () =>
        {
            for (var pid = 2; pid <= Restarts; pid++)
                await folder.WritePidAsync(pid, CancellationToken.None);
        });
        var last = 0;
        while (last < Restarts)
        {
            if (writing.IsFaulted)
                await writing;
            var read = int.Parse(File.ReadAllText(folder.PidFile), CultureInfo.InvariantCulture);
            Assert.InRange(read, last, Restarts);
            last = read;
        }

        await writing;
    }
}
