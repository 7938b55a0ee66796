using GrainVault.Silo.Postgres;

namespace GrainVault.Silo.Tests.Postgres;

public sealed class ServerLinesTests
{
    private const int Trouble = 1007;
    private const int Other = 1008;

    [Theory]
    [InlineData("23505 ERROR:  duplicate key value violates unique constraint \"entries_names\"", Other)]
    [InlineData("23503 ERROR:  insert or update on table \"entries\" violates foreign key constraint", Other)]
    [InlineData("23514 ERROR:  new row for relation \"users\" violates check constraint", Other)]
    [InlineData("GV021 ERROR:  the folder would stand in itself", Other)]
    [InlineData("23505 DETAIL:  Key (parent_id, name)=(x, y) already exists.", Other)]
    [InlineData("00000 LOG:  database system is ready to accept connections", Other)]
    [InlineData("57P03 FATAL:  the database system is starting up", Other)]
    [InlineData("42P01 ERROR:  relation \"entry\" does not exist", Trouble)]
    [InlineData("53100 ERROR:  could not extend file: No space left on device", Trouble)]
    [InlineData("40P01 ERROR:  deadlock detected", Trouble)]
    [InlineData("XX001 PANIC:  could not read block 23 ERROR", Trouble)]
    [InlineData("01000 WARNING:  something", Trouble)]
    [InlineData("FATAL:  data directory has wrong ownership", Trouble)]
    public void Answers_to_users_are_no_trouble_of_the_server(string line, int id)
    {
        var log = new LogRecorder();
        new EmbeddedPostgres.ServerLines(log).Write(line);
        Assert.Equal((1, 0), (log.Count(id), log.Count(id == Trouble ? Other : Trouble)));
    }
}
